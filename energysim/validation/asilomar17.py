"""The published energy estimation tool: energy of AlexNet by layer and operand."""

from __future__ import annotations

from energysim import _core, architectures, networks
from energysim.layer_result import LayerResult, LayerResults
from energysim.simulate import simulate
from energysim.validation.figures import Comparison, Figure, Source, Tolerance, read_table

__all__ = ["asilomar17"]

_TABLE = read_table("asilomar17_alexnet")
_BATCH = 44
_PARTS = ("mac", "filter", "ifmap", "psum")
_DATAFLOW = "rs-estimation-tool"
_DIGITS = 0.0005  # densities have four digits


def asilomar17() -> Source:
    """Compare with Fig. 6: energy of AlexNet, dense weights, zeros in the ifmaps.

    Returns
    -------
    Source
        Energy by layer under the tool's own rules, its computation, its parts, and the optimum
        without the rule by which the tool shares filters between images.

    Examples
    --------
    >>> source = asilomar17()
    >>> abs(source["energy"]["total"].error) < 0.02
    True
    """
    network = networks.alexnet(_BATCH)
    data = {layer.name: _data(network.layers, i) for i, layer in enumerate(network)}
    arch = architectures.estimation_tool()
    ours = simulate(network, arch, _DATAFLOW, data=data).layers
    return Source(
        name="Asilomar 2017",
        citation="Yang et al., Asilomar 2017, Fig. 6",
        setup=(
            f"AlexNet on estimation-tool, {_BATCH} images, dataflow {_DATAFLOW}, optimal mappings; "
            "densities of ifmaps from the figure, of ofmaps from the next layer."
        ),
        comparisons=(
            _energy(ours),
            _computation(ours),
            _parts(ours),
            _optimum(simulate(network, arch, "rs", data=data).layers),
        ),
    )


def _data(layers: tuple[_core.Layer, ...], i: int) -> _core.LayerData:
    """Return the densities of a layer: its ofmap's is that of the next ifmap without padding."""
    ofmap = 1.0
    if i + 1 < len(layers):
        after = layers[i + 1]
        top, bottom, left, right = after.padding
        positions = (after.H + top + bottom) * (after.W + left + right)
        ofmap = _density(after.name) * positions / (after.H * after.W)
    return _core.LayerData(ifmap_density=_density(layers[i].name), ofmap_density=ofmap)


def _density(name: str) -> float:
    return _TABLE[name]["ifmap_density"]


def _paper(name: str) -> float:
    return sum(_TABLE[name][part] for part in _PARTS)


def _per_image(layer: LayerResult) -> float:
    return layer.energy / _BATCH


def _totals(layers: LayerResults, each: Tolerance | None, total: Tolerance | None) -> list[Figure]:
    figures = [
        Figure(layer.name, _paper(layer.name) / 1e6, _per_image(layer) / 1e6, each)
        for layer in layers
    ]
    paper, ours = (sum(getattr(figure, side) for figure in figures) for side in ("paper", "ours"))
    return [*figures, Figure("total", paper, ours, total)]


def _energy(layers: LayerResults) -> Comparison:
    return Comparison(
        "energy",
        "1e6 MAC per image",
        "The tool is not public. That both operands travel and lie in the pads as significance "
        "maps, that each MAC that happens costs two RF accesses of a psum, that filters are "
        "fetched anew for every pass, and that images share them only where the psums of all "
        "filters fit the GLB, was recovered from this figure. Mappings were not: they are optimal.",
        tuple(_totals(layers, Tolerance.within(0.04), Tolerance.within(0.02))),
    )


def _computation(layers: LayerResults) -> Comparison:
    return Comparison(
        "computation",
        "1e6 MAC per image",
        "MACs whose inputs are not zero. Equal in the four digits of the densities.",
        tuple(
            Figure(
                layer.name,
                _TABLE[layer.name]["mac"] / 1e6,
                layer.by_level()["mac"] / _BATCH / 1e6,
                Tolerance.within(_DIGITS),
            )
            for layer in layers
        ),
    )


def _parts(layers: LayerResults) -> Comparison:
    return Comparison(
        "energy by operand",
        "1e6 MAC per image",
        "Errors are relative to the energy of the layer. Weights are equal but in CONV1, which "
        "takes seven strips here and eight there; what psums cost more, ifmaps cost less: the "
        "tool's mappings are others.",
        tuple(
            Figure(
                f"{layer.name} {part}",
                _TABLE[layer.name][part] / 1e6,
                layer.by_operand()[part] / _BATCH / 1e6,
                whole=_paper(layer.name) / 1e6,
            )
            for layer in layers
            for part in _PARTS[1:]
        ),
    )


def _optimum(layers: LayerResults) -> Comparison:
    return Comparison(
        "optimum without the tool's rules",
        "1e6 MAC per image",
        "Dataflow rs on the same architecture: filters are shared between as many images as fit, "
        "and stay in the pads where passes allow.",
        tuple(_totals(layers, None, None)),
    )
