"""Which channels are pruned together, and what they shape."""

from __future__ import annotations

import pytest

import energysim as es
from energysim import Graph, InvalidInput, Layer, Network, Node, UnknownName
from energysim.estimator.feeds import known_feeds
from energysim.estimator.groups import ChannelGroup, groups_of


def conv(name: str, filters: int, channels: int, **more: int) -> Layer:
    return Layer(name, **{"M": filters, "C": channels, "H": 8, "W": 8, "R": 1, "S": 1} | more)


def derived(network: Network, **feeds: tuple[str, ...]) -> dict[str, ChannelGroup]:
    groups = groups_of(network, feeds or known_feeds(network) or {}, given=True).groups
    return {group.name: group for group in groups}


# The analysis of ISCA 2016 takes CONV2, CONV4 and CONV5 for half of their groups.
@pytest.mark.parametrize("name", sorted({*es.networks.names()} - {"alexnet-isca16"}))
def test_built_in_networks_have_groups(name: str) -> None:
    network = es.networks.get(name, 1)
    groups = derived(network)
    outputs = [layer for group in groups.values() for layer in group.layers]
    assert len(outputs) == len(set(outputs))
    depthwise = {layer.name for layer in network if layer.G > 1 and layer.C == 1}
    last = network.layer_names[-1]
    assert set(outputs) == set(network.layer_names) - depthwise - {last}
    fed = {layer for group in groups.values() for layer in group.feeds}
    assert fed == set(network.layer_names[1:])


def test_chain_with_grouped_convolutions() -> None:
    groups = derived(es.networks.alexnet())
    assert groups["CONV1"] == ChannelGroup("CONV1", 96, ("CONV1",), ("CONV2",), 2)
    assert groups["CONV5"].channels == 256 and groups["CONV5"].feeds == ("FC1",)


def test_residual_sums_tie_their_layers() -> None:
    groups = derived(es.networks.get("resnet18"))
    assert groups["conv1"].layers == ("conv1", "layer1.0.conv2", "layer1.1.conv2")
    assert groups["layer2.0.conv2"].layers == (
        "layer2.0.conv2",
        "layer2.0.downsample.0",
        "layer2.1.conv2",
    )
    assert groups["conv1"].feeds == (
        "layer1.0.conv1",
        "layer1.1.conv1",
        "layer2.0.conv1",
        "layer2.0.downsample.0",
    )


def test_shortcuts_without_layers() -> None:
    groups = derived(es.networks.get("resnet20"))
    assert groups["conv1"].layers == ("conv1", *(f"layer1.{i}.conv2" for i in range(3)))
    assert groups["layer2.0.conv2"].layers == tuple(f"layer2.{i}.conv2" for i in range(3))


def test_depthwise_layers_belong_to_their_inputs() -> None:
    groups = derived(es.networks.get("mobilenet-v2"))
    assert groups["block2/expand"].layers == ("block2/expand",)
    assert groups["block2/expand"].feeds == ("block2/depthwise", "block2/project")
    assert groups["block2/project"].layers == ("block2/project", "block3/project")


def test_concatenations_keep_their_parts() -> None:
    groups = derived(es.networks.get("googlenet"))
    assert groups["inception3a/5x5"].channels == 32
    assert groups["inception3a/5x5"].feeds == tuple(
        f"inception3b/{part}" for part in ("1x1", "3x3_reduce", "5x5_reduce", "pool_proj")
    )


def test_flattened_ifmap() -> None:
    network = Network("net", (conv("a", 6, 3), conv("fc", 10, 6 * 64, H=1, W=1)))
    groups = groups_of(network, known_feeds(network) or {})
    assert groups.inputs[1] == (0, [(0, 64)])


def test_no_guess_where_layers_do_not_follow() -> None:
    assert known_feeds(Network("net", (conv("a", 6, 3), conv("b", 5, 7)))) is None


def test_graph_tells() -> None:
    def counted(name: str, source: str) -> Node:
        return Node(name, "Conv", "conv", (source,), layers=(name,))

    graph = Graph(
        (
            Node("x", "input", "input"),
            counted("a", "x"),
            Node("relu", "Relu", "activation", ("a",)),
            counted("b", "relu"),
            Node("sum", "Add", "elementwise", ("relu", "b")),
            counted("c", "sum"),
        )
    )
    layers = (conv("a", 6, 3), conv("b", 6, 6), conv("c", 2, 6))
    network = Network("net", layers, graph=graph)
    assert known_feeds(network) == {"a": ("b", "c"), "b": ("c",), "c": ()}
    est = es.Estimator(network, "eyeriss", "rs-chip")
    assert [group.layers for group in est.groups] == [("a", "b")]
    assert est.report(channels={"a": 5}).layers["c"].layer.C == 5


def test_products_of_fmaps_are_not_pruned() -> None:
    product = Layer("qk", M=6, C=6, H=8, W=8, R=1, S=1, own_filters=True)
    network = Network("net", (conv("q", 6, 3), product, conv("c", 2, 6)))
    assert groups_of(network, {"q": ("qk",), "qk": ("c",)}).groups == ()


def test_what_cannot_be_followed_is_not_pruned() -> None:
    network = Network("net", (conv("a", 6, 3), conv("b", 6, 5), conv("c", 2, 6)))
    groups = groups_of(network, {"a": ("b",), "b": ("c",)})
    assert [group.name for group in groups.groups] == ["b"]
    assert groups.inputs == [(3, []), (5, []), (0, [(0, 1)])]


def test_errors_of_given_feeds() -> None:
    network = Network("net", (conv("a", 6, 3), conv("b", 6, 5)))
    with pytest.raises(InvalidInput, match="'b': it takes 5 channels, but 'a' gives 6"):
        derived(network, a=("b",))
    with pytest.raises(UnknownName, match="'x'"):
        derived(network, a=("x",))
    with pytest.raises(InvalidInput, match="stands after it"):
        derived(network, b=("a",))
    with pytest.raises(InvalidInput, match="must be names"):
        derived(network, a="b")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="must be a dict"):
        es.Estimator(network, "eyeriss", "rs-chip", feeds=[("a", "b")])  # type: ignore[arg-type]
