"""Going back to how a model was, faster than copying it."""

from __future__ import annotations

from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

__all__ = ["Held", "Origin", "Place", "Snapshot"]

#: Where a tensor is: number of the module, and its name there.
Place: TypeAlias = tuple[int, str]


class Held:
    """What the modules of a model hold at a moment: parameters, buffers, their memory, and sizes.

    Nothing is copied.  After `restore` the modules hold the same objects again, with the same
    memory, also if the model was sliced or put into another mode; but what was written to that
    memory stays.  Modules must not be added or removed in between.

    Parameters
    ----------
    model : torch.nn.Module
        The model.
    """

    def __init__(self, model: nn.Module) -> None:
        self._held = [(module, _held(module)) for module in model.modules()]
        #: By `id`, since tensors are compared by value: place, tensor, and an alias of its memory.
        self._tensors: dict[int, tuple[Place, Tensor, Tensor]] = {}
        for number, (_module, held) in enumerate(self._held):
            for kind in _KINDS:
                for name, each in held[kind].items():
                    if each is not None and id(each) not in self._tensors:
                        self._tensors[id(each)] = (number, name), each, each.detach()

    def restore(self) -> None:
        """Put the model back; it can be restored again."""
        for module, held in self._held:
            module.__dict__.clear()
            module.__dict__.update(held)
            for kind in _KINDS:
                module.__dict__[kind] = held[kind].copy()
        for _place, tensor, memory in self._tensors.values():
            tensor.data = memory


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
        self._memory = [memory for _place, _tensor, memory in self._tensors.values()]
        self._values = [each.clone() for each in self._memory]

    def restore(self) -> None:
        """Put the model back; it can be restored again."""
        super().restore()
        torch._foreach_copy_(self._memory, self._values)


class Origin(Held):
    """A state of a model that stays as it is, while others are tried that begin with it.

    What does not change is shared, until `unshare` copies it for a training.  Parameters are the
    same objects in all of them, with other memory.

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

    def restore(self) -> None:
        """Put the model back, without gradients; it can be restored again."""
        super().restore()
        for _place, tensor, _memory in self._tensors.values():
            tensor.grad = None

    def unshare(self) -> dict[Place, Tensor]:
        """Copy the tensors that the model still has in common with this state, and return them.

        The model has no gradients afterwards.
        """
        spare = self._spare.pop() if self._spare else {}
        copies: dict[Place, Tensor] = {}
        values: list[Tensor] = []
        for module, _held in self._held:
            for kind in _KINDS:
                for each in module.__dict__[kind].values():
                    if each is None:
                        continue
                    each.grad = None
                    place, _same, memory = self._tensors.get(id(each), _NONE)
                    if place is not None and place not in copies:
                        old = spare.get(place)
                        fits = old is not None and _layout(old) == _layout(memory)
                        copies[place] = old if fits else torch.empty_like(memory)
                        values.append(memory)
                        each.data = copies[place]
        torch._foreach_copy_(list(copies.values()), values)
        return spare | copies


def _layout(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.shape, tensor.stride(), tensor.dtype, tensor.device


_NONE: tuple[Any, Any, Any] = (None, None, None)
_KINDS = ("_parameters", "_buffers")


def _held(module: nn.Module) -> dict[str, Any]:
    held: dict[str, Any] = module.__dict__.copy()
    return held | {kind: held[kind].copy() for kind in _KINDS}
