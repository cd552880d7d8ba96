"""``energysim import`` and ``energysim simulate`` with models of other programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import onnx
import pytest
from unit.command import out, run
from unit.frontends.onnx_models import conv_net, model, node, save, weight

from energysim.network_file import load_network

TINY = ("unit.frontends.models:tiny", "--input", "1x3x32x32")


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_import_writes_a_network_file_that_simulates_alike() -> None:
    result = run("import", *TINY, "--to", "net.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    assert re.fullmatch(r"2 layers, 212 k MACs, .* 3 operations ignored, 0 unsupported\n",
                        result.stdout)  # fmt: skip
    network = load_network("net.yaml")
    assert network.layer_names == ("0", "4") and network.graph is not None
    assert network.to_yaml() == Path("net.yaml").read_text()
    words = ("--data-movement", "--json", "-")
    from_file = json.loads(out("simulate", "net.yaml", *words))
    assert from_file == json.loads(out("simulate", *TINY, *words))
    assert [layer["name"] for layer in from_file["data_movement"]["layers"]] == ["2"]


def test_onnx_files() -> None:
    save(conv_net(batch="N", height="height"), "model.onnx")
    result = run("import", "model.onnx", "--dim", "height=8", "--batch", "3")
    assert result.exit_code == 0
    assert "batch: 3" in result.stdout and "H: 8" in result.stdout
    text = out("simulate", "model.onnx", "--dim", "height=8")
    assert "Not counted: layers that move data alone, and the like (3 operations)." in text


@pytest.mark.parametrize("command", ["compare", "pareto", "sensitivity", "estimate"])
def test_models_are_taken_wherever_networks_are(command: str) -> None:
    out("import", *TINY, "--to", "net.yaml")
    torch, file = (json.loads(out(command, *net, "--json", "-")) for net in (TINY, ["net.yaml"]))
    assert torch == file
    save(conv_net(height="height"), "open.onnx")
    out(command, "open.onnx", "--dim", "height=8", "--strict")


def test_a_layer_of_a_model() -> None:
    assert "C=3 H=32" in out("search", *TINY, "--layer", "0")
    save(conv_net(height="height"), "open.onnx")
    assert "H=8" in out("search", "open.onnx", "--layer", "conv", "--dim", "height=8")


def test_a_layer_of_a_quantized_model_has_its_bits() -> None:
    scales = [weight("scale"), onnx.TensorProto(name="zero", data_type=onnx.TensorProto.UINT8)]
    nodes = [
        node("QuantizeLinear", "x scale zero", "q"),
        node("DequantizeLinear", "q scale zero", "a"),
        node("Conv", "a w", "y"),
    ]
    save(model(nodes, {"x": [1, 3, 9, 9]}, [*scales, weight("w", 4, 3, 3, 3)]), "quantized.onnx")
    whole = json.loads(out("simulate", "quantized.onnx", "--json", "-"))
    alone = json.loads(out("search", "quantized.onnx", "--json", "-"))
    assert alone["energy_mac"] == whole["layers"][0]["energy_mac"]
    wide = json.loads(out("search", "quantized.onnx", "--bits", "16", "--json", "-"))
    assert alone["energy_mac"] < wide["energy_mac"]


def test_timeloop_problems_go_out_and_in() -> None:
    result = run("import", "alexnet", "--format", "timeloop", "--to", "problems")
    assert result.exit_code == 0
    files = sorted(Path("problems").iterdir())
    assert [file.name for file in files][:2] == ["000_CONV1.yaml", "001_CONV2.yaml"]
    assert "CONV1" in out("simulate", str(files[0]))
    assert out("simulate", str(files[0]), "--json", "-").count('"name"') == 1


def test_unsupported_operators_are_warned_of_and_listed() -> None:
    words = ("unit.frontends.models:mysterious", "--input", "1x3x4x4")
    result = run("simulate", *words)
    assert result.exit_code == 0
    assert result.stderr.count("\n") == 1 and result.stderr.startswith("warning: mysterious: ")
    assert "Unsupported, so not counted: aten.linalg_matrix_exp (linalg_matrix_exp)." in (
        result.stdout
    )
    strict = run("simulate", *words, "--strict")
    assert strict.exit_code == 2 and "aten.linalg_matrix_exp" in strict.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("simulate", "missing.onnx"), "cannot read missing.onnx: No such file"),
        (("simulate", "bad.onnx"), "bad.onnx: not an ONNX model, or damaged"),
        (("simulate", "alexnet", "--input", "1x3"), "--input is for a PyTorch model"),
        (("simulate", "alexnet", "--dim", "a=1"), "--dim is for an ONNX file"),
        (("simulate", "alexnet", "--strict"), "--strict is for a PyTorch model or an ONNX file"),
        (("search", "--shape", "M=3,C=2,H=4,R=3", "--dim", "a=1"), "--dim is for an ONNX file"),
        (("estimate", "net.txt", "--strict"), "--strict is for a PyTorch model or an ONNX file"),
        (("compare", "unit.frontends.models:tiny"), "--input is missing"),
        (("simulate", "alexnet", "--data-movement"), "network 'alexnet' has no graph"),
        (("import", "model.onnx", "--dim", "height"), "--dim must be a name and a size"),
        (("import", "unit.frontends.models:tiny"), "--input is missing"),
        (("import", TINY[0], "--input", "1x3x999999999x999999999"), "--input: Storage size"),
        (("import", TINY[0], "--input", "0x3x32x32"), ".* the first tensor has a batch of 0"),
        (("import", ":", "--input", "1"), "write package.module:factory, not ':'"),
        (("simulate", "model.pt"), "model.pt: weights alone say no layers, and nothing is unpick"),
        (("simulate", "folder/model.pkl"), "folder/model.pkl: weights alone say no layers"),
        (("import", TINY[0], "--input", "1x3xQ"), "--input must be a shape"),
        (("import", TINY[0], "--input", "1x3x4x4"), "tiny: cannot be traced, in 4"),
        (("import", "nowhere:net", "--input", "1"), "nowhere:net: cannot be built: Module"),
        (("import", "unit.frontends.models:x", "--input", "1"), ".*cannot be built: Attribute"),
        (("import", "unit.frontends.models:broken", "--input", "1"), ".*RuntimeError: no luck"),
        (
            ("import", "unit.frontends.models:no_model", "--input", "1"),
            ".* must give a torch.nn.Module, not int",
        ),
        (("import", *TINY, "--to", "no/where.yaml"), "cannot write no/where.yaml"),
    ],
)
def test_bad_input_is_one_line(words: tuple[str, ...], message: str) -> None:
    Path("bad.onnx").write_bytes(b"\x00\x01 no model")
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.match(f"error: {message}", result.stderr) and result.stderr.count("\n") == 1
