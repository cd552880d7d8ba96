"""Going back to how a model was, faster than copying it."""

from __future__ import annotations

import itertools
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

__all__ = ["Held", "Origin", "Place", "Snapshot"]

#: Where a tensor is: number of the module, and its name there.
Place: TypeAlias = tuple[int, str]


class Held:
    """What the modules of a model hold at a moment: parameters, buffers and sizes.

    Nothing is copied.  After `restore` the modules hold the same objects again, also if the model
    was sliced or put into another mode; values of tensors that were written to are the new ones.
    Modules must not be added or removed in between.

    Parameters
    ----------
    model : torch.nn.Module
        The model.
    """

    def __init__(self, model: nn.Module) -> None:
        self._held = [(module, _held(module)) for module in model.modules()]

    def restore(self) -> None:
        """Put the model back; it can be restored again."""
        for module, held in self._held:
            module.__dict__.clear()
            module.__dict__.update(held)
            for kind in _KINDS:
                module.__dict__[kind] = held[kind].copy()


class Snapshot(Held):
    """What the modules of a model hold at a moment, with the values of all tensors.

    It copies these, but no module, which is what makes ``copy.deepcopy`` slow.  After `restore` the
    model is as it was, whatever happened to it, also if it was trained; its parameters are the same
    objects as before.

    Parameters
    ----------
    model : torch.nn.Module
        The model.

    Examples
    --------
    >>> from torch import nn
    >>> model = nn.Linear(3, 2)
    >>> before, weight = Snapshot(model), model.weight
    >>> model.weight = nn.Parameter(model.weight[:1].detach())
    >>> before.restore()
    >>> model.weight is weight
    True
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        tensors = {id(each): each for each in itertools.chain(model.parameters(), model.buffers())}
        self._tensors: list[Tensor] = list(tensors.values())
        self._values = [each.detach().clone() for each in self._tensors]

    def restore(self) -> None:
        """Put the model back; it can be restored again."""
        super().restore()
        with torch.no_grad():
            torch._foreach_copy_(self._tensors, self._values)


class Origin(Held):
    """A state of a model that stays as it is, while others are tried that begin with it.

    What does not change is shared, until `unshare` copies it for a training.

    Parameters
    ----------
    model : torch.nn.Module
        The model.
    spare : list of dict
        Copies that nobody needs any more, as `unshare` returned them: their memory is used again.

    Examples
    --------
    >>> from torch import nn
    >>> model, spare = nn.Linear(3, 2), []
    >>> before = Origin(model, spare)
    >>> copies = before.unshare()
    >>> _ = model.weight.data.zero_()
    >>> before.restore()
    >>> spare.append(copies)
    >>> bool(model.weight.any())
    True
    """

    def __init__(self, model: nn.Module, spare: list[dict[Place, Tensor]]) -> None:
        super().__init__(model)
        self._spare = spare
        #: By `id`, since tensors are compared by value.
        self._shared: dict[int, tuple[Place, Tensor, tuple[Any, ...]]] = {}
        for number, (_module, held) in enumerate(self._held):
            for kind in _KINDS:
                for name, each in held[kind].items():
                    if each is not None:
                        self._shared.setdefault(id(each), ((number, name), each, _layout(each)))

    def unshare(self) -> dict[Place, Tensor]:
        """Copy the tensors that the model still has in common with this state, and return them.

        What modules share with each other stays shared.
        """
        spare = self._spare.pop() if self._spare else {}
        copies: dict[Place, Tensor] = {}
        values: list[Tensor] = []
        for module, _held in self._held:
            for kind in _KINDS:
                mine = module.__dict__[kind]
                for name, each in mine.items():
                    if id(each) in self._shared:
                        place, _same, layout = self._shared[id(each)]
                        if place not in copies:
                            old = spare.get(place)
                            fits = old is not None and _layout(old) == layout
                            copies[place] = old if fits else _new(each)
                            values.append(each)
                        mine[name] = copies[place]
        with torch.no_grad():
            torch._foreach_copy_(list(copies.values()), values)
        for each in copies.values():
            each.grad = None
        return spare | copies


def _layout(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.shape, tensor.stride(), tensor.dtype, tensor.device, tensor.requires_grad


def _new(tensor: Tensor) -> Tensor:
    """Return a tensor or parameter of the layout of another."""
    new = torch.empty_like(tensor.detach())
    return nn.Parameter(new, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else new


_KINDS = ("_parameters", "_buffers")


def _held(module: nn.Module) -> dict[str, Any]:
    held: dict[str, Any] = module.__dict__.copy()
    return held | {kind: held[kind].copy() for kind in _KINDS}
