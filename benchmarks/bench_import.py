"""Importing models: warm, with the answer checked first."""

from __future__ import annotations

import io
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import energysim as es

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from unit.frontends.architectures import torchvision, without_weights  # noqa: E402

IMAGE = (1, 3, 224, 224)


@pytest.fixture(scope="module")
def resnet50() -> Any:
    return torchvision().models.resnet50().eval()


@pytest.mark.benchmark(group="ResNet-50 from PyTorch, warm: goal 1 s")
def test_torch(benchmark: BenchmarkFixture, resnet50: Any) -> None:
    """Goal: 1 s, and no weights' worth of memory: 102 MB here."""
    image = torch.empty(IMAGE)
    tracemalloc.start()
    assert es.from_torch(resnet50, image).macs == es.networks.resnet50().macs
    benchmark.extra_info["MB of Python objects"] = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    benchmark(es.from_torch, resnet50, image)


@pytest.mark.benchmark(group="ResNet-50 from ONNX, 102 MB with weights: goal 1.5 s")
def test_onnx(benchmark: BenchmarkFixture, resnet50: Any, tmp_path: Path) -> None:
    """Goal: 1.5 s."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(resnet50, (torch.zeros(IMAGE),), file, dynamo=False)
    path = tmp_path / "resnet50.onnx"
    path.write_bytes(file.getvalue())
    assert es.from_onnx(path).macs == es.networks.resnet50().macs
    benchmark(es.from_onnx, path)


@pytest.mark.benchmark(group="ResNet-50 from PyTorch to the report: goal 3 s")
def test_end_to_end(benchmark: BenchmarkFixture) -> None:
    """Goal: 3 s, without the import of torch."""

    def simulate() -> dict[str, Any]:
        with without_weights():
            model = torchvision().models.resnet50()
        return es.simulate(es.from_torch(model, torch.empty(IMAGE)), "eyeriss").to_dict()

    assert simulate()["energy_mac"] == es.simulate("resnet50", "eyeriss").energy_mac
    benchmark(simulate)
