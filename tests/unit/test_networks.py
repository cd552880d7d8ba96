"""Built-in networks against published totals; network files, good and bad."""

from __future__ import annotations

import dataclasses
import importlib.resources
import itertools
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from energysim import networks, safe_yaml
from energysim._core import Layer
from energysim.errors import InvalidInput, UnknownName
from energysim.network import Network
from energysim.network_file import load_network, parse_network

NAMES = (
    "alexnet",
    "alexnet-isca16",
    "vgg16",
    "googlenet",
    "squeezenet1.0",
    "squeezenet1.1",
    "resnet18",
    "resnet50",
    "mobilenet-v1",
    "mobilenet-v2",
    "resnet20",
    "resnet56",
)


# --- Totals -------------------------------------------------------------------------------
# Published parameter counts include biases or batch normalization, which the tables leave out.


def weights_and_biases(network: Network) -> int:
    """One bias per filter, in every layer."""
    return network.filter_words + sum(layer.G * layer.M for layer in network)


def weights_and_batch_norm(network: Network) -> int:
    """Scale and shift per filter after every CONV layer; biases in the last, FC, layer only."""
    *convs, fc = network
    return network.filter_words + sum(2 * layer.G * layer.M for layer in convs) + fc.M


@dataclasses.dataclass(frozen=True)
class Published:
    """A published MAC count with its tolerance, and an exact parameter count."""

    macs: float
    tolerance: float  # relative; half a unit of the last published digit unless said otherwise
    parameters: int
    count: Callable[[Network], int]


PUBLISHED = {
    # Sze et al., Proc. IEEE 105(12), 2017, Table II: 724M; Caffe's bvlc_alexnet: 60,965,224.
    "alexnet": Published(724e6, 0.7e-3, 60_965_224, weights_and_biases),
    "alexnet-isca16": Published(724e6, 0.7e-3, 60_965_224, weights_and_biases),
    # torchvision 0.28, VGG16_Weights.IMAGENET1K_V1.meta: 15.47 GMACs, 138,357,544.
    "vgg16": Published(15.47e9, 0.4e-3, 138_357_544, weights_and_biases),
    # The sum of Szegedy et al., Table 1, without its conv1 (see below), plus 118 M for conv1,
    # each rounded to 1 M and one off by 3 M: hence 0.5%.  Caffe's bvlc_googlenet: 6,998,552.
    "googlenet": Published(1468e6 + 118e6, 5e-3, 6_998_552, weights_and_biases),
    # Authors' repository: 1.72 GFLOPS/image, which is 0.86 GMACs.  torchvision: 1,248,424.
    "squeezenet1.0": Published(1.72e9 / 2, 3e-3, 1_248_424, weights_and_biases),
    # Authors' repository: 0.72 GFLOPS/image.  It does not say how that was counted, and its own
    # prototxt gives 8% more; see test_squeezenet_at_224 for a sharp check.
    "squeezenet1.1": Published(0.72e9 / 2, 0.08, 1_235_496, weights_and_biases),
    # torchvision 0.28, ResNet18_Weights.IMAGENET1K_V1.meta and ResNet50_Weights likewise.
    "resnet18": Published(1.814e9, 0.3e-3, 11_689_512, weights_and_batch_norm),
    "resnet50": Published(4.089e9, 0.2e-3, 25_557_032, weights_and_batch_norm),
    # Howard et al., Table 8: 569 M mult-adds; trainable parameters of Keras's MobileNet.
    "mobilenet-v1": Published(569e6, 0.9e-3, 4_231_976, weights_and_batch_norm),
    # torchvision 0.28, MobileNet_V2_Weights.IMAGENET1K_V1.meta; the paper says 300 M.
    "mobilenet-v2": Published(0.301e9, 1.7e-3, 3_504_872, weights_and_batch_norm),
    # He et al., IJCAI 2018 ("Soft Filter Pruning"): 4.06e7; He et al., CVPR 2016: 0.27 M.  The
    # often-quoted 40.8 M has projection shortcuts (option B), 0.26 M MACs more.
    "resnet20": Published(4.06e7, 1.3e-3, 269_722, weights_and_batch_norm),
    # Lin et al., CVPR 2020 ("HRank"): 125.49 M; He et al., CVPR 2016: 0.85 M.
    "resnet56": Published(125.49e6, 0.05e-3, 853_018, weights_and_batch_norm),
}


@pytest.mark.parametrize("name", NAMES)
def test_macs_match_published_total(name: str) -> None:
    published = PUBLISHED[name]
    assert networks.get(name).macs == pytest.approx(published.macs, rel=published.tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_match_published_total(name: str) -> None:
    published = PUBLISHED[name]
    assert published.count(networks.get(name)) == published.parameters


@pytest.mark.parametrize("name", NAMES)
def test_totals_are_sums_of_layer_definitions(name: str) -> None:
    network = networks.get(name, batch=3)
    per_layer = [layer.G * layer.M * layer.C * layer.R * layer.S for layer in network]
    assert network.filter_words == sum(per_layer)
    assert network.macs == 3 * sum(
        words * layer.E * layer.F for words, layer in zip(per_layer, network, strict=True)
    )


@pytest.mark.parametrize("name", ["alexnet", "alexnet-isca16"])
def test_alexnet_macs_per_layer(name: str) -> None:
    # MACs for N = 16 that follow from Table II of Chen et al., ISCA 2016, to four digits.
    expected = {
        "CONV1": 1.687e9,
        "CONV2": 3.583e9,
        "CONV3": 2.392e9,
        "CONV4": 1.794e9,
        "CONV5": 1.196e9,
        "FC1": 0.6040e9,
        "FC2": 0.2684e9,
        "FC3": 0.06554e9,
    }
    network = networks.get(name, batch=16)
    assert network.layer_names == tuple(expected)
    for layer in network:
        assert layer.macs == pytest.approx(expected[layer.name], rel=5e-4), layer.name


def test_alexnet_isca16_is_table_ii() -> None:
    # Chen et al., ISCA 2016, Table II: padded H, R, E, C, M and stride.
    table = {
        "CONV1": (227, 11, 55, 3, 96, 4),
        "CONV2": (31, 5, 27, 48, 256, 1),
        "CONV3": (15, 3, 13, 256, 384, 1),
        "CONV4": (15, 3, 13, 192, 384, 1),
        "CONV5": (15, 3, 13, 192, 256, 1),
        "FC1": (6, 6, 1, 256, 4096, 1),
        "FC2": (1, 1, 1, 4096, 4096, 1),
        "FC3": (1, 1, 1, 4096, 1000, 1),
    }
    for layer in networks.alexnet_isca16():
        padded, rows, ofmap, channels, filters, stride = table[layer.name]
        assert (layer.R, layer.E, layer.C, layer.M, layer.G) == (rows, ofmap, channels, filters, 1)
        assert (padded - rows) // stride + 1 == ofmap == layer.F
        # The unpadded size is that of the layer before: 55 pooled to 27, then to 13.
        assert layer.H == {"CONV2": 27, "CONV3": 13, "CONV4": 13, "CONV5": 13}.get(
            layer.name, padded
        )


def test_googlenet_modules_match_paper() -> None:
    # Szegedy et al., CVPR 2015, Table 1, column "ops" in millions, each a whole number.  Its
    # conv1 (34 M) is not the 7x7 layer that it describes (118 M), and its inception5a is 3 M
    # too high for the filters in its own row; both are left out.
    paper = {
        "conv2": 360,
        "inception3a": 128,
        "inception3b": 304,
        "inception4a": 73,
        "inception4b": 88,
        "inception4c": 100,
        "inception4d": 119,
        "inception4e": 170,
        "inception5b": 71,
        "classifier": 1,
    }
    macs = dict.fromkeys(paper, 0)
    for layer in networks.googlenet():
        module = layer.name.split("/")[0]
        if module in macs:
            macs[module] += layer.macs
    assert {module: count / 1e6 for module, count in macs.items()} == pytest.approx(paper, abs=0.7)


@pytest.mark.parametrize(
    ("name", "ofmap_at_224", "published"),
    # torchvision 0.28, SqueezeNet1_*_Weights.IMAGENET1K_V1.meta, for a 224x224 input.
    [
        ("squeezenet1.0", {111: 109, 55: 54, 27: 27, 13: 13, 15: 13}, 0.819e9),
        ("squeezenet1.1", {113: 111, 56: 55, 28: 27, 14: 13}, 0.349e9),
    ],
)
def test_squeezenet_at_224(name: str, ofmap_at_224: dict[int, int], published: float) -> None:
    macs = sum(layer.filter_words * ofmap_at_224[layer.E] ** 2 for layer in networks.get(name))
    assert macs == pytest.approx(published, rel=1.5e-3)


# --- Shapes that follow from one another --------------------------------------------------


def pooled(size: int) -> int:
    """Size after 3x3 pooling with stride 2, rounded up as in Caffe."""
    return -(-(size - 3) // 2) + 1


def channels_in(layer: Layer) -> int:
    return layer.G * layer.C


def channels_out(layer: Layer) -> int:
    return layer.G * layer.M


@pytest.mark.parametrize("name", NAMES)
def test_layers_are_square(name: str) -> None:
    for layer in networks.get(name):
        assert (layer.H, layer.R, layer.E) == (layer.W, layer.S, layer.F), layer.name


@pytest.mark.parametrize("name", NAMES)
def test_fc_layers_have_no_stride_and_no_padding(name: str) -> None:
    # Neither would change their counts, so no total tells.
    table = importlib.resources.files("energysim.networks").joinpath(f"{name}.yaml")
    rows = safe_yaml.load_mapping(table.read_text(encoding="utf-8"), name)["layers"]
    assert isinstance(rows, list)
    for row in rows:
        if row["R"] == row["H"]:
            assert (row.get("stride", 1), row.get("padding", 0)) == (1, 0), row["name"]


@pytest.mark.parametrize(
    ("name", "poolings"),
    [
        ("alexnet", {55: 27, 27: 13, 13: 6}),
        ("vgg16", {224: 112, 112: 56, 56: 28, 28: 14, 14: 7}),
        ("mobilenet-v1", {7: 1}),
        ("mobilenet-v2", {7: 1}),
    ],
)
def test_each_layer_takes_what_the_one_before_gives(name: str, poolings: dict[int, int]) -> None:
    layers = networks.get(name).layers
    for before, layer in itertools.pairwise(layers):
        assert channels_in(layer) == channels_out(before), layer.name
        assert layer.H in (before.E, poolings.get(before.E)), layer.name


def test_googlenet_modules_take_what_the_one_before_gives() -> None:
    network = networks.googlenet()
    assert pooled(network["conv1/7x7_s2"].E) == network["conv2/3x3_reduce"].H == 56
    channels, size = channels_out(network["conv2/3x3"]), pooled(network["conv2/3x3"].E)
    for module in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"):
        parts = {
            layer.name.split("/")[1]: layer
            for layer in network
            if f"inception{module}/" in layer.name
        }
        for part in ("1x1", "3x3_reduce", "5x5_reduce", "pool_proj"):
            assert (parts[part].C, parts[part].H) == (channels, size), (module, part)
        for part in ("3x3", "5x5"):
            reduced = parts[f"{part}_reduce"]
            assert (parts[part].C, parts[part].H, parts[part].E) == (reduced.M, size, size)
            assert parts[part].R == int(part[0])
        channels = sum(parts[part].M for part in ("1x1", "3x3", "5x5", "pool_proj"))
        size = pooled(size) if module in ("3b", "4e") else size
    assert (network["classifier"].C, channels, size) == (1024, 1024, 7)


@pytest.mark.parametrize(("name", "pools"), [("squeezenet1.0", (4, 8)), ("squeezenet1.1", (3, 5))])
def test_fire_modules_take_what_the_one_before_gives(name: str, pools: tuple[int, int]) -> None:
    network = networks.get(name)
    channels, size = network["conv1"].M, pooled(network["conv1"].E)
    for i in range(2, 10):
        squeeze = network[f"fire{i}/squeeze1x1"]
        assert (squeeze.C, squeeze.H) == (channels, size), i
        for kernel in (1, 3):
            expand = network[f"fire{i}/expand{kernel}x{kernel}"]
            assert (expand.C, expand.H, expand.E) == (squeeze.M, size, size), i
            assert expand.R == kernel
        channels = 2 * expand.M
        size = pooled(size) if i in pools else size
    assert (network["conv10"].C, network["conv10"].H) == (channels, size)


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnet20", "resnet56"])
def test_residual_blocks_take_what_the_one_before_gives(name: str) -> None:
    network = networks.get(name)
    first, *middle, last = network
    blocks: dict[str, list[Layer]] = {}
    for layer in middle:
        blocks.setdefault(layer.name.rsplit(".conv")[0].removesuffix(".downsample.0"), []).append(
            layer
        )
    channels = first.M
    size = first.E if name in ("resnet20", "resnet56") else pooled(first.E)
    for block, layers in blocks.items():
        path = [layer for layer in layers if "downsample" not in layer.name]
        assert (path[0].C, path[0].H) == (channels, size), block
        for before, layer in itertools.pairwise(path):
            assert (layer.C, layer.H) == (before.M, before.E), block
        for shortcut in (layer for layer in layers if layer not in path):
            assert (shortcut.C, shortcut.H) == (channels, size), block
            assert (shortcut.M, shortcut.E) == (path[-1].M, path[-1].E), block
        changes = (channels, size) != (path[-1].M, path[-1].E)
        # Option A, of the networks for CIFAR-10, has no layer in its shortcuts.
        assert (len(layers) > len(path)) == (changes and name in ("resnet18", "resnet50")), block
        channels, size = path[-1].M, path[-1].E
    assert (last.C, size) == (channels, 8 if name in ("resnet20", "resnet56") else 7)


# --- Access -------------------------------------------------------------------------------


def test_names_lists_all() -> None:
    assert networks.names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_network_has_a_function_and_a_table(name: str) -> None:
    function = getattr(networks, re.sub("[-.]", "_", name))
    assert function.__name__ in networks.__all__
    for words in ("Parameters", "batch : int, default 1", "Returns", "MACs"):
        assert words in function.__doc__
    assert function(batch=2) == networks.get(name, 2)
    assert function() == networks.get(name)
    assert function().name == name
    assert function().source


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_written_as_to_yaml_writes(name: str) -> None:
    table = importlib.resources.files("energysim.networks").joinpath(f"{name}.yaml")
    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    assert lines[0].startswith("# "), "begins with a comment on source and contents"
    assert "".join(line for line in lines if line[0] != "#") == networks.get(name).to_yaml()


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("AlexNet", "alexnet"),
        ("alexnet_isca16", "alexnet-isca16"),
        ("VGG-16", "vgg16"),
        ("SqueezeNet 1.1", "squeezenet1.1"),
        ("squeezenet1_0", "squeezenet1.0"),
        ("ResNet-50", "resnet50"),
        ("MobileNetV1", "mobilenet-v1"),
        ("mobilenet_v2", "mobilenet-v2"),
    ],
)
def test_get_forgives_spelling(spelling: str, name: str) -> None:
    assert networks.get(spelling).name == name


def test_unknown_network_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownName, match=r"unknown network 'alexnt'.*'alexnet'.*vgg16"):
        networks.get("alexnt")


@pytest.mark.parametrize("batch", [0, -1, 1.5, True, "2", None])
def test_bad_batch_is_refused(batch: object) -> None:
    with pytest.raises(InvalidInput, match="batch must be a whole number of at least 1"):
        networks.alexnet(batch=batch)  # type: ignore[arg-type]


def test_batch_multiplies_macs_but_not_weights() -> None:
    one, sixteen = networks.alexnet(), networks.alexnet(16)
    assert sixteen.batch == 16
    assert {layer.N for layer in sixteen} == {16}
    assert sixteen.macs == 16 * one.macs
    assert sixteen.filter_words == one.filter_words
    assert sixteen.with_batch(1) == one


def test_built_in_networks_are_read_once() -> None:
    assert networks.get("resnet18") is networks.resnet18()


def test_import_leaves_yaml_out() -> None:
    code = "import sys, energysim.networks; sys.exit('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- Network ------------------------------------------------------------------------------


def layer(name: str = "conv", **changes: int) -> Layer:
    return Layer(name, **({"M": 8, "C": 3, "H": 9, "W": 9, "R": 3, "S": 3} | changes))


def test_network_is_a_sequence_of_named_layers() -> None:
    first, second = layer("a"), layer("b")
    network = Network("tiny", (first, second))
    assert len(network) == 2
    assert list(network) == [first, second]
    assert network[0] == network["a"] == first
    assert network[-1] == network["b"] == second
    assert "a" in network
    assert "c" not in network
    assert second in network
    assert layer("c") not in network


def test_missing_layers_are_named() -> None:
    network = Network("tiny", (layer("conv1"), layer("conv2")))
    with pytest.raises(UnknownName, match=r"unknown layer 'conv3'.*'conv2'"):
        network["conv3"]
    with pytest.raises(IndexError):
        network[2]


def test_network_is_immutable() -> None:
    layers = [layer()]
    network = Network("tiny", layers)  # type: ignore[arg-type]
    layers.append(layer("more"))
    assert len(network) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        network.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", (layer(),)), "name must be text, not ''"),
        ((None, (layer(),)), "name must be text, not None"),
        (("tiny", ()), "network 'tiny' has no layers"),
        (("tiny", ("conv",)), "network 'tiny': 'conv' is not a Layer"),
        (("tiny", (layer(), layer())), "layer 'conv' is there twice"),
        (("tiny", (layer(N=3),), 2), "layer 'conv' has N=3, but the network's batch is 2"),
        (("tiny", (layer(),), 0), "batch must be a whole number of at least 1, not 0"),
    ],
)
def test_bad_network_is_refused(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(message)):
        Network(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("count", "written"),
    [
        (1, "1"),
        (999, "999"),
        (1000, "1 k"),
        (12_345, "12.35 k"),
        (999_949, "999.9 k"),
        (999_950, "1 M"),
        (10**12, "1 T"),
        (9 * 10**18, "9 E"),
    ],
)
def test_repr_counts_with_four_digits(count: int, written: str) -> None:
    network = Network("t", (layer(M=count, C=1, H=1, W=1, R=1, S=1),))
    assert repr(network) == f"<Network 't': 1 layer, batch 1, {written} MACs, {written} weights>"


# --- Network files: good ------------------------------------------------------------------

GOOD = "{name: tiny, layers: [{name: a, M: 8, C: 3, H: 9, W: 9, R: 3, S: 3}]}"


@pytest.fixture(params=["libyaml", "pure Python"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of PyYAML's parsers: the C one is not in every installation."""
    if request.param == "pure Python":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    elif not hasattr(yaml, "CSafeLoader"):
        pytest.skip("PyYAML has no libyaml here")


@pytest.mark.usefixtures("_parser")
def test_all_keys_are_read() -> None:
    network = parse_network("""
        # A comment.
        name: tiny
        source: "my own"
        batch: 4
        layers:
          - name: a
            G: 2
            M: 8
            C: 3
            H: 9
            W: 12
            R: 3
            S: 2
            stride: [2, 1]
            padding: [0, 1, 2, 3]
            dilation: [1, 2]
    """)
    assert (network.name, network.source, network.batch) == ("tiny", "my own", 4)
    expected = Layer(
        "a", N=4, G=2, M=8, C=3, H=9, W=12, R=3, S=2,
        stride=[2, 1], padding=[0, 1, 2, 3], dilation=[1, 2],
    )  # fmt: skip
    assert network.layers == (expected,)


def test_left_out_keys_have_defaults() -> None:
    network = parse_network(GOOD)
    assert (network.source, network.batch) == ("", 1)
    assert network["a"] == Layer(
        "a", N=1, G=1, M=8, C=3, H=9, W=9, R=3, S=3, stride=1, padding=0, dilation=1
    )


def test_load_reads_a_file(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert load_network(path) == load_network(str(path)) == parse_network(GOOD)


def test_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_network(tmp_path / "none.yaml")


def test_to_yaml_aligns_columns_and_leaves_out_defaults() -> None:
    rows = (layer("conv1"), layer("fc", M=1000, R=9, S=9), layer("last", stride=2))
    assert Network("tiny", rows, source="my own").to_yaml() == (
        "name: tiny\n"
        'source: "my own"\n'
        "layers:\n"
        "  - {name: conv1, M:    8, C: 3, H: 9, W: 9, R: 3, S: 3, stride: 1}\n"
        "  - {name: fc,    M: 1000, C: 3, H: 9, W: 9, R: 9, S: 9, stride: 1}\n"
        "  - {name: last,  M:    8, C: 3, H: 9, W: 9, R: 3, S: 3, stride: 2}\n"
    )


@pytest.mark.parametrize(
    ("padding", "written"),
    [
        (2, "2"),
        ([2, 2], "2"),
        ([1, 2], "[1, 2]"),
        ([1, 1, 2, 2], "[1, 2]"),
        ([2, 2, 2, 2], "2"),
        ([1, 2, 1, 2], "[1, 2, 1, 2]"),
        ([1, 2, 2, 2], "[1, 2, 2, 2]"),
        ([1, 1, 2, 1], "[1, 1, 2, 1]"),
    ],
)
def test_to_yaml_writes_padding_short(padding: int | list[int], written: str) -> None:
    padded = Layer("a", M=8, C=3, H=9, W=9, R=3, S=3, padding=padding)
    assert f", padding: {written}}}\n" in Network("tiny", (padded,)).to_yaml()


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(
    "name",
    ["1", "1.5", "no", "null", "~", "true", "a: b", "a, b", "{a}", "a #b", "- a", "'", '"', "\\",
     " a ", "*a", "&a", "!a", "%a", "@a", "caf\u00e9", "\u65e5\u672c", "2020-01-01", "<<", "="],
)  # fmt: skip
def test_awkward_names_survive_a_round_trip(name: str) -> None:
    network = Network(name, (layer(name),), source=f"{name}\n\ttwo lines of {name}\n")
    assert parse_network(network.to_yaml()) == network


@pytest.mark.parametrize("seed", range(20))
def test_random_networks_survive_a_round_trip(seed: int) -> None:
    choose = random.Random(seed)

    def numbers(low: int, lengths: tuple[int, ...]) -> int | list[int]:
        length = choose.choice((1, *lengths))
        values = [choose.randint(low, 3) for _ in range(length)]
        return values if length > 1 else values[0]

    def random_layer(name: str) -> Layer:
        sizes = {key: choose.randint(1, 400) for key in ("M", "C")}
        return Layer(
            name,
            N=2,
            G=choose.choice((1, 1, 4)),
            **sizes,
            H=choose.randint(20, 40),
            W=choose.randint(20, 40),
            R=choose.randint(1, 6),
            S=choose.randint(1, 6),
            stride=numbers(1, (2,)),
            padding=numbers(0, (2, 4)),
            dilation=numbers(1, (2,)),
        )

    layers = tuple(random_layer(f"layer{i}") for i in range(choose.randint(1, 12)))
    network = Network("random", layers, batch=2)
    again = parse_network(network.to_yaml())
    assert again == network
    assert again.to_yaml() == network.to_yaml()


# --- Network files: bad -------------------------------------------------------------------


def with_layers(*rows: str) -> str:
    return f"{{name: tiny, layers: [{', '.join(rows)}]}}"


ROW = "{name: a, M: 8, C: 3, H: 9, W: 9, R: 3, S: 3}"

BAD = {
    "unknown key": ("{name: t, layer: []}", "net.yaml: unknown key 'layer'.*layers"),
    "unknown layer key": (
        with_layers(ROW, ROW.replace("S: 3", "S: 3, strides: 2").replace("a,", "b,")),
        "net.yaml: layer 2 'b': unknown key 'strides'.*stride.*known: name, G, M, C",
    ),
    "batch in a layer": (
        with_layers(ROW.replace("M: 8", "N: 4, M: 8")),
        "layer 1 'a': N is not a layer's: give the network's batch",
    ),
    "missing layers": ("{name: t}", "net.yaml: missing key: layers"),
    "missing name": ("{source: s}", "net.yaml: missing keys: name, layers"),
    "missing dimensions": (
        with_layers("{name: a, M: 8, H: 9, W: 9}"),
        "net.yaml: layer 1 'a': missing keys: C, R, S",
    ),
    "missing layer name": (with_layers("{M: 8}"), "layer 1: missing keys: name, C, H"),
    "name is a number": ("{name: 1, layers: []}", "name must be text, not 1: quote it"),
    "name is empty": ("{name: '', layers: []}", "name must be text, not ''"),
    "layer name is a number": (
        with_layers(ROW.replace("name: a", "name: 7")),
        "layer 1: name must be text, not 7: quote it",
    ),
    "source is a list": ("{name: t, source: [1], layers: []}", r"source must be text, not \[1\]"),
    "batch is text": ("{name: t, batch: two, layers: []}", "net.yaml: batch must be a.*'two'"),
    "batch is zero": ("{name: t, batch: 0, layers: []}", "net.yaml: batch must be.*at least 1"),
    "batch is a truth value": ("{name: t, batch: true, layers: []}", "batch must be.*not True"),
    "no layers": ("{name: t, layers: []}", "layers must be a list of at least one layer"),
    "layers is null": ("name: t\nlayers:", "layers must be a list of at least one layer"),
    "layers is a mapping": ("{name: t, layers: {a: 1}}", "layers must be a list"),
    "layer is text": (with_layers("conv"), "layer 1: must be a mapping"),
    "layer named twice": (with_layers(ROW, ROW), "net.yaml: .*layer 'a' is there twice"),
    "dimension is a float": (
        with_layers(ROW.replace("M: 8", "M: 8.0")),
        "layer 1 'a': M must be a whole number, not 8.0",
    ),
    "dimension is text": (
        with_layers(ROW.replace("M: 8", "M: '8'")),
        "layer 1 'a': M must be a whole number, not '8'",
    ),
    "dimension is a truth value": (
        with_layers(ROW.replace("M: 8", "M: true")),
        "layer 1 'a': M must be a whole number, not True",
    ),
    "dimension is null": (
        with_layers(ROW.replace("M: 8", "M: ")),
        "layer 1 'a': M must be a whole number, not None",
    ),
    "dimension is a list": (
        with_layers(ROW.replace("M: 8", "M: [8, 8]")),
        r"layer 1 'a': M must be a whole number, not \[8, 8\]",
    ),
    "stride has three numbers": (
        with_layers(ROW.replace("S: 3", "S: 3, stride: [1, 2, 3]")),
        r"stride must be a whole number or a list of 2, not \[1, 2, 3\]",
    ),
    "padding has three numbers": (
        with_layers(ROW.replace("S: 3", "S: 3, padding: [1, 2, 3]")),
        "padding must be a whole number or a list of 2 or a list of 4, not",
    ),
    "padding has text": (
        with_layers(ROW.replace("S: 3", "S: 3, padding: [1, same]")),
        "padding must be a whole number or a list of 2",
    ),
    "dimension is zero": (
        with_layers(ROW.replace("M: 8", "M: 0")),
        "net.yaml: layer 1 'a': (?!layer)",
    ),
    "filter larger than ifmap": (
        with_layers(ROW, ROW.replace("R: 3", "R: 30").replace("a,", "b,")),
        "net.yaml: layer 2 'b': (?!layer)",
    ),
    "not YAML": ("name: t\nlayers: [", "net.yaml: line [23], column .*not valid YAML"),
    "two colons": ("name: a: b", "net.yaml: line 1, column 8: not valid YAML"),
    "control character": ("name: \x07", "net.yaml: .*not valid YAML"),
    "lone surrogate": ("name: \ud800", "net.yaml: .*not valid YAML"),
    "empty": ("", "net.yaml: the file is empty"),
    "comment only": ("# nothing", "net.yaml: the file is empty"),
    "top level is null": ("---\n", "net.yaml: the top level is empty"),
    "top level is a list": ("- name: t", "net.yaml: the top level is a list"),
    "top level is text": ("alexnet", "net.yaml: the top level is text"),
    "top level is a number": ("42", "net.yaml: the top level is a single value"),
    "duplicate key": ("name: t\nname: u", "net.yaml: line 2: key 'name' is there twice"),
    "duplicate layer key": (with_layers("{name: a, M: 8, 'M': 9}"), "key 'M' is there twice"),
    "key is a list": ("[a]: b", "a key must be text, not a mapping or list"),
    "two documents": (f"{GOOD}\n---\n{GOOD}", "net.yaml: line 2: a second document starts here"),
    "anchor": ("name: &a t", "net.yaml: line 1: anchors .* are not read"),
    "anchored key": ("&a name: t", "net.yaml: line 1: anchors .* are not read"),
    "anchored list": ("layers: &a []", "net.yaml: line 1: anchors .* are not read"),
    "alias": ("name: *a", "net.yaml: line 1: anchors .* are not read"),
    "merge key": ("name: t\n<<: {layers: []}", "unknown key '<<'"),
    "Python object": (
        "name: !!python/object/apply:os.system ['exit 1']",
        "net.yaml: line 1: tags .* are not read",
    ),
    "Python name": ("name: !!python/name:os.system", "net.yaml: line 1: tags .* are not read"),
    "harmless tag": ("name: !!str t", "net.yaml: line 1: tags .* are not read"),
    "tagged key": ("!!str name: t", "net.yaml: line 1: tags .* are not read"),
    "too deep": ("layers: " + "[" * 10_000, "nested more than 20 levels deep"),
    "NaN": (with_layers(ROW.replace("M: 8", "M: .nan")), ".nan is not a finite number"),
    "infinity": (with_layers(ROW.replace("M: 8", "M: -.inf")), "-.inf is not a finite number"),
    "overflow": (with_layers(ROW.replace("M: 8", "M: 1e999")), "1e999 is not a finite number"),
    "octal or decimal": (
        with_layers(ROW.replace("M: 8", "M: 010")),
        "010 is ambiguous: write it without leading 0",
    ),
    "leading zero": (with_layers(ROW.replace("M: 8", "M: -01")), "-01 is ambiguous"),
    "integer of 65 bits": (
        with_layers(ROW.replace("M: 8", f"M: {2**63}")),
        "9223372036854775808 is too large for a 64-bit integer",
    ),
    "integer of a million digits": (
        with_layers(ROW.replace("M: 8", f"M: {'9' * 1_000_000}")),
        "9{20}... .1000000 characters. is too large for a 64-bit integer",
    ),
    "long text for a number": (
        with_layers(ROW.replace("M: 8", f"M: {'x' * 100_000}")),
        "M must be a whole number, not 'x+...x+'$",
    ),
}


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_bad_file_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        parse_network(text, where="net.yaml")
    assert str(caught.value).startswith("net.yaml: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.usefixtures("_parser")
def test_billion_laughs_are_refused() -> None:
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    with pytest.raises(InvalidInput, match="line 1: anchors"):
        parse_network("\n".join(lines))


def test_text_and_file_up_to_the_limit_are_read(tmp_path: Path) -> None:
    text = GOOD.ljust(safe_yaml.MAX_BYTES)
    path = tmp_path / "net.yaml"
    path.write_text(text, encoding="utf-8")
    assert parse_network(text) == load_network(path) == parse_network(GOOD)


def test_too_long_text_is_refused() -> None:
    with pytest.raises(InvalidInput, match="net.yaml: larger than 10 MB"):
        parse_network(" " * (safe_yaml.MAX_BYTES + 1), where="net.yaml")


def test_too_large_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    with path.open("wb") as file:
        file.truncate(safe_yaml.MAX_BYTES + 1)
    with pytest.raises(InvalidInput, match=r"net\.yaml: larger than 10 MB"):
        load_network(path)


def test_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_bytes(b"name: \xff")
    with pytest.raises(InvalidInput, match=r"net\.yaml: byte 6 is not UTF-8 text"):
        load_network(path)


def test_errors_in_a_file_begin_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(with_layers("{name: a}"), encoding="utf-8")
    with pytest.raises(InvalidInput, match=f"^{re.escape(str(path))}: layer 1 'a': missing keys"):
        load_network(path)


# --- Safe YAML ----------------------------------------------------------------------------


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12", 12), ("-12", -12), ("+12", 12), ("0", 0), ("-0", 0),
        ("9223372036854775807", 2**63 - 1), ("-9223372036854775807", -(2**63) + 1),
        ("1.5", 1.5), ("-.5", -0.5), ("1.", 1.0), ("1e3", 1000.0), ("2.5E-3", 0.0025),
        ("true", True), ("FALSE", False), ("null", None), ("~", None), ("", None),
        ("'12'", "12"), ('"true"', "true"), ("''", ""),
        # Text in YAML 1.2, but a truth value, base 60, a date and so on in YAML 1.1.
        ("no", "no"), ("1:30", "1:30"), ("2020-01-01", "2020-01-01"), ("1_000", "1_000"),
        ("0x10", "0x10"), ("nan", "nan"), (".", "."),
        ("[1, [a]]", [1, ["a"]]), ("{b: 1}", {"b": 1}),
    ],
)  # fmt: skip
def test_plain_values(written: str, value: object) -> None:
    read = safe_yaml.load_mapping(f"a: {written}", "test")["a"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.usefixtures("_parser")
def test_nesting_is_read_up_to_the_limit() -> None:
    # The top level is the first of 20, and the innermost list is empty.
    assert safe_yaml.load_mapping("a: " + "[" * 19 + "]" * 19, "test")
    with pytest.raises(InvalidInput, match="nested more than 20 levels deep"):
        safe_yaml.load_mapping("a: " + "[" * 20 + "]" * 20, "test")


def test_check_keys_accepts_known_and_required_keys() -> None:
    safe_yaml.check_keys({"a": 1, "b": 2}, known=iter("abc"), required=iter("ab"), where="test")
