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
    rows, columns, top, left = case.ifmap()
    return es.Layer(
        "case",
        **{dim: case.sizes[dim] for dim in "NMCRS"},
        G=case.groups,
        H=rows,
        W=columns,
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
        ways=case.ways,
    )
