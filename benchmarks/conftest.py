"""A table narrow enough for a terminal, unless columns are asked for."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    asked = any(str(word).startswith("--benchmark-c") for word in config.invocation_params.args)
    if not asked:
        config.option.benchmark_columns = ["min", "median", "mean", "max", "rounds"]
