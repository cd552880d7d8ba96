"""A small task, a network trained on it, and one thread: more would get into each other's way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn
from unit.pruning.learning import task, trained

from energysim.pruning.data import Data


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data() -> Data:
    return task()


@pytest.fixture(scope="module")
def model(data: Data) -> nn.Module:
    torch.set_num_threads(1)
    return trained(data)
