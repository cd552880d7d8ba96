"""Build script of the C++ extension ``energysim._core``; all metadata is in pyproject.toml."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from glob import glob
from pathlib import Path

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from setuptools import setup
from setuptools.command.build_ext import build_ext

SOURCES = sorted([*glob("csrc/**/*.cpp", recursive=True), *glob("bindings/*.cpp")])
HEADERS = sorted(
    path
    for folder in ("csrc", "bindings")
    for suffix in ("h", "hpp")
    for path in glob(f"{folder}/**/*.{suffix}", recursive=True)
)

# No -march=native and no contraction into fused multiply-add: the same input must give the same
# bits on every machine.
if sys.platform == "win32":
    COMPILE_ARGS = ["/O2", "/W3", "/fp:precise"]
else:
    COMPILE_ARGS = [
        "-O3",
        # Or the time of a search would change by 5 to 10 % with whatever is linked before it.
        "-falign-functions=32",
        "-fvisibility=hidden",
        "-ffp-contract=off",
        "-Wall",
        "-Wextra",
        "-pthread",
        "-MMD",
    ]


def read_dependencies(dep_file: Path) -> list[str]:
    """Return the files named in a make-style dependency file written by ``-MMD``."""
    text = dep_file.read_text(encoding="utf-8").replace("\\\n", " ")
    _, _, prerequisites = text.partition(": ")
    words = re.findall(r"(?:\\.|[^\s\\])+", prerequisites)
    return [re.sub(r"\\(.)", r"\1", word).replace("$$", "$") for word in words]


def needs_recompile(obj: str, src: str) -> bool:
    """Say whether an object file is older than anything it was made from.

    The compiler notes the headers of each source in a ``.d`` file beside the object. Where there
    is none (MSVC), the source is always recompiled.
    """
    dep_file = Path(obj).with_suffix(".d")
    if not dep_file.exists():
        return True
    built = os.stat(obj).st_mtime
    try:
        inputs = ["setup.py", src, *read_dependencies(dep_file)]
        return any(os.stat(path).st_mtime > built for path in inputs)
    except FileNotFoundError:  # a header was moved or removed
        return True


class BuildExt(build_ext):
    """Build the extension, keeping the object files between builds."""

    def build_extensions(self) -> None:
        """Check for the Python headers, then compile what changed."""
        include = sysconfig.get_path("include")
        if not Path(include, "Python.h").exists():
            raise SystemExit(
                f"error: {include}/Python.h not found: the Python development headers are "
                "missing. On Debian or Ubuntu: sudo apt install python3-dev"
            )
        # An editable install would compile everything anew in a temporary folder.
        platform = f"{sysconfig.get_platform()}-{sys.implementation.cache_tag}"
        self.build_temp = os.path.join("build", f"temp.{platform}")
        # Always link, as a source may have been removed; needs_recompile decides on the rest.
        self.force = self.compiler.force = True
        super().build_extensions()


extension = Pybind11Extension(
    "energysim._core",
    SOURCES,
    depends=HEADERS,
    include_dirs=["csrc"],
    extra_compile_args=COMPILE_ARGS,
    cxx_std=20,
)

# NPY_NUM_BUILD_JOBS=n compiles n files at a time; the default is one per processor.
with ParallelCompile("NPY_NUM_BUILD_JOBS", needs_recompile=needs_recompile):
    setup(ext_modules=[extension], cmdclass={"build_ext": BuildExt})
