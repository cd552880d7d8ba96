"""Imports: fast, lazy, and one way."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import energysim

PACKAGE = Path(energysim.__file__).parent

# From the bottom up: a module imports only what stands before it. (What is imported inside a
# function, or for its types alone, is not looked at.)
ORDER = (
    "errors",
    "_core",
    "checks",
    "copies",
    "compression",
    "safe_yaml",
    "progress",
    "densities",
    "densities_file",
    "dataflow",
    "energy_table",
    "energy_tables",
    "ert",
    "architecture",
    "architecture_file",
    "architectures",
    "graph",
    "graph_file",
    "network",
    "network_file",
    "layer_data",
    "data_file",
    "networks",
    "mapping",
    "arguments",
    "tables",
    "layer_result",
    "movement",
    "report",
    "sensitivity",
    "simulate",
    "pareto_views",
    "front_sums",
    "pareto",
    "fixed_point",
    "tensor_trace",
    "estimator",
    "door",
    "torch",
    "compare_views",
    "compare",
    "frontends",
    "reference",
    "testing",
    "validation",
    "pruning",
    "cli",
    "__main__",
)


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout


def test_import_loads_nothing_heavy() -> None:
    heavy = ["torch", "numba", "pandas", "numpy", "matplotlib", "rich", "yaml", "click"]
    code = f"import sys, energysim; print([m for m in {heavy} if m in sys.modules])"
    assert run(code) == "[]\n"


def test_simulation_of_layers_loads_no_tables() -> None:
    code = (
        "import sys, energysim as es; layer = es.Layer('a', M=1, C=1, H=1, W=1, R=1, S=1);"
        "es.simulate([layer], 'eyeriss', 'rs-chip').to_json();"
        "print([m for m in ('rich', 'pandas', 'numpy', 'numba') if m in sys.modules])"
    )
    assert run(code) == "[]\n"


def test_all_names_exist() -> None:
    assert sorted(set(energysim.__all__)) == sorted(energysim.__all__)
    for name in energysim.__all__:
        assert getattr(energysim, name) is not None


def test_import_loads_later_what_is_not_always_needed() -> None:
    code = (
        "import sys, energysim as es; later = sorted(es._LATER);"
        "print([m for m in later if f'energysim.{m}' in sys.modules]);"
        "print(all(name in dir(es) for names in es._LATER.values() for name in names));"
        "from energysim import Estimator, frontends;"
        "print(es.Estimator is Estimator, es.frontends is frontends, es.trace.__name__)"
    )
    assert run(code) == "[]\nTrue\nTrue True trace\n"
    # A module of the same name would take its place when something else imports it.
    later = {name for where, names in energysim._LATER.items() for name in names if name != where}
    assert not later & {path.stem for path in modules()}


def test_unknown_name_says_so() -> None:
    with pytest.raises(AttributeError, match="'energysim' has no attribute 'simulat'"):
        energysim.simulat  # noqa: B018


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(tree: ast.Module) -> set[str]:
    """Modules of the package that are imported when the module is, but not for types alone."""
    found: set[str] = set()
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending.extend(node.orelse)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names if node.module == "energysim" else {node.module or ""}
        else:
            pending.extend(ast.iter_child_nodes(node))
    parts = (name.split(".") for name in found if name.startswith("energysim."))
    return {part[1] for part in parts}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    name = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if name == "__init__" and path.parent == PACKAGE:
        return  # the package itself brings the public names together
    assert name in ORDER, f"say in ORDER where {name} stands"
    below = ORDER[: ORDER.index(name) + 1]
    used = imports(ast.parse(path.read_text(encoding="utf-8")))
    assert used <= set(below), f"{name} imports what stands above it"


def test_rule_sees_a_wrong_import() -> None:
    tree = ast.parse("try:\n    from energysim import cli\nexcept ImportError:\n    pass")
    assert imports(tree) == {"cli"}
    lazy = "def f():\n    import energysim.cli\nif TYPE_CHECKING:\n    import energysim.report"
    assert imports(ast.parse(lazy)) == set()


def test_no_module_of_pruning_hides_a_name() -> None:
    from energysim import pruning

    modules = {path.stem for path in (PACKAGE / "pruning").glob("*.py")}
    assert not modules & set(pruning.__all__)
