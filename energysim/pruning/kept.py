"""What is left of a pruned model: kept indices, as JSON, that prune the original model again."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import torch
from torch import nn

from energysim.errors import InvalidInput, show
from energysim.pruning.masks import Mask, Masked, weight_of
from energysim.pruning.surgery import Sliced, cut_module, side_size

__all__ = ["KeptChannels", "KeptWeights", "kept_from_json"]

_CHANNELS, _WEIGHTS = "energysim kept channels 1", "energysim kept weights 1"


def _modules(model: nn.Module, names: Iterable[str]) -> Iterator[tuple[str, nn.Module]]:
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise InvalidInput(f"the model has no module {name!r}: it is not the one pruned")
        yield name, modules[name]


@dataclass(frozen=True)
class KeptChannels:
    """Channels that were kept.

    Parameters
    ----------
    network : str
        Name of the network.
    groups : dict
        By group: its channels that are left, as numbers in the model before pruning.
    modules : dict
        By module, and there by side (``"out"`` or ``"in"``): how many positions it had
        (``"of"``), and those that are left (``"kept"``).  This alone is enough to prune a model.
    """

    network: str
    groups: Mapping[str, tuple[int, ...]]
    modules: Mapping[str, Mapping[str, Mapping[str, Any]]]

    @staticmethod
    def of(network: str, sliced: Sliced) -> KeptChannels:
        """Return what is left of a model."""
        modules: dict[str, dict[str, dict[str, Any]]] = {}
        for name, side, size, kept in sliced.present():
            if len(kept) < size:
                modules.setdefault(name, {})[side] = {"of": size, "kept": list(kept)}
        return KeptChannels(network, dict(sliced.kept), modules)

    def apply(self, model: nn.Module) -> nn.Module:
        """Return a copy of the model before pruning, pruned.

        Its weights are those of `model` that are left: load those that were fine-tuned afterwards.

        Raises
        ------
        InvalidInput
            If the model is not the one that was pruned.
        """
        model = copy.deepcopy(model)
        for name, module in _modules(model, self.modules):
            for side, held in self.modules[name].items():
                size = side_size(module, side)  # type: ignore[arg-type]
                if size != held["of"]:
                    raise InvalidInput(
                        f"module {name!r} has {size} channels ({side}), not {held['of']}: "
                        "give the model as it was before pruning"
                    )
                gone = sorted(set(range(size)) - set(held["kept"]))
                cut_module(module, side, gone)  # type: ignore[arg-type]
        return model

    def to_json(self) -> str:
        """Return all as JSON text."""
        groups = {name: list(channels) for name, channels in self.groups.items()}
        plain = {"network": self.network, "groups": groups, "modules": self.modules}
        return json.dumps({"format": _CHANNELS} | plain, allow_nan=False)


@dataclass(frozen=True)
class KeptWeights:
    """Single weights that were kept.

    Parameters
    ----------
    network : str
        Name of the network.
    masks : dict
        By layer: an array of bool in the shape of its weights, true where they are kept.
    """

    network: str
    masks: Mapping[str, Any]

    @staticmethod
    def of(network: str, masked: Masked) -> KeptWeights:
        """Return what is left of a model."""
        masks = {name: masked.mask(name).cpu().numpy() != 0 for name in masked.layers}
        return KeptWeights(network, masks)

    def apply(self, model: nn.Module) -> nn.Module:
        """Return a copy of the model before pruning, with a `Mask` on each layer.

        Raises
        ------
        InvalidInput
            If the model is not the one that was pruned.
        """
        model = copy.deepcopy(model)
        for name, module in _modules(model, self.masks):
            Mask.put(module, torch.from_numpy(self.masks[name]).to(weight_of(module)))
        return model

    def to_json(self) -> str:
        """Return all as JSON text: bits in C order, packed, as base64."""
        layers = {
            name: {
                "shape": list(mask.shape),
                "kept": int(mask.sum()),
                "bits": base64.b64encode(numpy.packbits(mask.reshape(-1)).tobytes()).decode(),
            }
            for name, mask in self.masks.items()
        }
        return json.dumps({"format": _WEIGHTS, "network": self.network, "layers": layers})


def kept_from_json(document: str, where: str = "kept indices") -> KeptChannels | KeptWeights:
    """Return what ``to_json`` was made from.

    Raises
    ------
    InvalidInput
        If it is not what `KeptChannels.to_json` or `KeptWeights.to_json` write.
    """
    try:
        plain = json.loads(document)
        if plain["format"] == _CHANNELS:
            groups = {name: tuple(channels) for name, channels in plain["groups"].items()}
            return KeptChannels(plain["network"], groups, plain["modules"])
        if plain["format"] == _WEIGHTS:
            masks = {name: _unpacked(layer) for name, layer in plain["layers"].items()}
            return KeptWeights(plain["network"], masks)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput(f"{where}: not kept indices of a pruned model: {error}") from error
    raise InvalidInput(f"{where}: unknown format {show(plain['format'])}")


def _unpacked(layer: Mapping[str, Any]) -> Any:
    size = int(numpy.prod(layer["shape"]))
    bits = numpy.frombuffer(base64.b64decode(layer["bits"], validate=True), numpy.uint8)
    mask = numpy.unpackbits(bits, count=size).astype(bool).reshape(layer["shape"])
    if int(mask.sum()) != layer["kept"]:
        raise ValueError("as many bits as weights kept")
    return mask
