"""What an estimator can be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ChannelsKept", "LayerBits", "LayerDensities", "Question", "Unpruned"]

#: Channels that groups keep: by the name of a layer of the group, or those of all groups.
ChannelsKept: TypeAlias = "Mapping[str, int] | Sequence[int] | NDArray[Any]"
#: For all layers, by layer name, or those of all layers.
LayerDensities: TypeAlias = "float | Mapping[str, float] | Sequence[float] | NDArray[Any]"
#: For all layers, by operand, or by layer name.
LayerBits: TypeAlias = "int | Mapping[str, int | Mapping[str, int]]"


class Unpruned(TypedDict, total=False):
    """What is different from the state of an estimator, but for channels."""

    ifmap_density: LayerDensities | None
    weight_density: LayerDensities | None
    ofmap_density: LayerDensities | None
    bits: LayerBits | None
    batch: int | None


class Question(Unpruned, total=False):
    """What is different from the state of an estimator; see `Estimator.energy`."""

    channels: ChannelsKept | None
