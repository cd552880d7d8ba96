"""What a front end tells a handler about an operation, and what the handler answers.

A *handler* is a function of one `Call` that returns an `Outcome`.  Every operator that energysim
knows has one, and `register_handler` takes those of users.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from energysim._core import Layer
from energysim.checks import member, text
from energysim.errors import InvalidInput, show
from energysim.graph import COUNTED, KINDS

__all__ = ["Call", "Handler", "Outcome", "Value", "handler_of", "register_handler"]

_VIEW = "names words anew: no arithmetic"
_MOVEMENT = "moves data, no MACs"


@dataclass(frozen=True)
class Value:
    """A tensor that an operation takes.

    Attributes
    ----------
    shape : tuple of int
        Its sizes.
    constant : bool
        Whether it is the same for all inputs of the network: made of parameters alone.
    parameters : tuple of (str, tuple of int)
        The parameters that it is made of, with their shapes, if it is constant.
    source : str
        Which output of which node it is, as in `energysim.graph.Node.inputs`; "" if constant.
    bits : int, optional
        Bits of its values, if the model says them: if it is quantised.
    """

    shape: tuple[int, ...]
    constant: bool = False
    parameters: tuple[tuple[str, tuple[int, ...]], ...] = ()
    source: str = ""
    bits: int | None = None

    @property
    def words(self) -> int:
        """Words that differ: those of the one parameter that it is made of, if it is larger."""
        own = prod(self.shape)
        if len(self.parameters) != 1:
            return own
        [(_name, shape)] = self.parameters
        return min(own, prod(shape)) or own


@dataclass(frozen=True)
class Call:
    """One operation.

    Attributes
    ----------
    op : str
        The operator, such as ``aten.convolution``, ``mylib.myop`` or ``Conv``.
    name : str
        The name for its layer.
    batch : int
        Images that the network is traced with.
    arguments : mapping
        Arguments by name, as the operator's schema has them: a `Value` for a tensor, a list of
        them for a list of tensors, None for what is not given, anything else as it is.
    outputs : tuple of tuple of int
        Shapes of its outputs.
    """

    op: str
    name: str
    batch: int
    arguments: Mapping[str, Any]
    outputs: tuple[tuple[int, ...], ...]

    @property
    def values(self) -> tuple[Value, ...]:
        """All tensors among the arguments, those in lists too, in order."""
        found: list[Value] = []
        for argument in self.arguments.values():
            several = argument if isinstance(argument, (list, tuple)) else (argument,)
            found += (value for value in several if isinstance(value, Value))
        return tuple(found)

    def value(self, argument: str) -> Value:
        """Return an argument that has to be a tensor."""
        found = self.arguments.get(argument)
        if not isinstance(found, Value):
            raise InvalidInput(f"{self.op} ({self.name}): argument {argument!r} is not a tensor")
        return found


@dataclass(frozen=True)
class Outcome:
    """What an operation is.

    Parameters
    ----------
    kind : str
        One of `energysim.graph.KINDS`, such as ``"own"`` for an operator of one's own.
    layers : tuple of Layer
        What counts it; none if it does no MACs.
    reason : str
        Why it is not counted, if there are no layers.
    axis : int, optional
        The axis along which it joins, splits or reduces.

    Examples
    --------
    >>> Outcome("pool").reason
    'moves data, no MACs'
    """

    kind: str
    layers: tuple[Layer, ...] = ()
    reason: str = ""
    axis: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        member(self.kind, "kind", KINDS)
        object.__setattr__(self, "layers", tuple(self.layers))
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise InvalidInput(f"an outcome's layers must be layers, not {show(layer)}")
        if bool(self.layers) != (self.kind in COUNTED):
            need = "needs layers" if self.kind in COUNTED else "has no layers"
            raise InvalidInput(f"an outcome of kind {self.kind!r} {need}")
        if not self.layers and not self.reason and self.kind != "unsupported":
            reason = _VIEW if self.kind == "view" else _MOVEMENT
            object.__setattr__(self, "reason", reason)


Handler = Callable[[Call], Outcome]

_OWN: dict[str, Handler] = {}


def register_handler(op: str, handler: Handler | None) -> None:
    """Say how an operator is counted; this goes before what energysim knows about it.

    Parameters
    ----------
    op : str
        The operator as reports name it: ``mylib.myop`` for PyTorch's ``torch.ops.mylib.myop``, and
        ``MyOp`` for ONNX (``my.domain.MyOp`` outside the standard's domain).
    handler : callable or None
        Takes a `Call`, returns an `Outcome`.  None removes what was registered.

    Raises
    ------
    InvalidInput
        If `op` is not a name, or `handler` cannot be called.

    Examples
    --------
    >>> import energysim as es
    >>> def butterfly(call):
    ...     x, w = call.value("x"), call.value("w")
    ...     layer = es.Layer(call.name, N=call.batch, M=1, C=2, H=1, W=x.shape[-1], R=1, S=1)
    ...     return Outcome("own", (layer,))
    >>> register_handler("mylib.butterfly", butterfly)
    >>> register_handler("mylib.butterfly", None)
    """
    op = text(op, "an operator").replace("::", ".")
    if handler is None:
        _OWN.pop(op, None)
    elif callable(handler):
        _OWN[op] = handler
    else:
        raise InvalidInput(f"the handler of {op} must be a function or None, not {show(handler)}")


def handler_of(op: str, known: Mapping[str, Handler]) -> Handler | None:
    """Return the user's handler of an operator, else the known one, else None."""
    return _OWN.get(op) or known.get(op)
