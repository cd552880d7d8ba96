"""Random nests as the package's own objects."""

from functools import cache

from cross.nests import Case

import energysim as es
from energysim import _core


@cache
def architecture(past_glb: bool):
    """An architecture; of which only the way of the psums matters here."""
    path = "past_glb" if past_glb else "through_glb"
    return es.architectures.eyeriss().replace(ofmap_path=path)


def layer_of(case: Case):
    """The layer of a case, some of whose ifmap is padding."""
    size, groups = case.sizes, case.groups
    rows = (size["E"] - 1) * case.strides[0] + (size["R"] - 1) * case.dilations[0] + 1
    columns = (size["F"] - 1) * case.strides[1] + (size["S"] - 1) * case.dilations[1] + 1
    top, left = min(case.padding[0], rows - 1), min(case.padding[1], columns - 1)
    return es.Layer(
        "case",
        **{dim: size[dim] for dim in "NMCRS"},
        G=groups,
        H=rows - top,
        W=columns - left,
        stride=case.strides,
        padding=(top, 0, left, 0),
        dilation=case.dilations,
    )


def mapping_of(case: Case):
    """The nest of a case, under the name of any dataflow."""
    return _core.Mapping.from_nest(
        _core.dataflows()[0].name,
        "",
        tiles=case.tiles | {"G": (case.groups, 1, 1, 1, 1)},
        loops=list(case.loops),
        glb_holds=case.glb_holds,
    )
