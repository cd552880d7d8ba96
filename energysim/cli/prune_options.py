"""What ``energysim prune`` can be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from energysim.cli.inputs import batch_option
from energysim.pruning.methods import METHODS

__all__ = ["prune_options"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _option(*names: str, metavar: str | None = None, help: str, **more: Any) -> Any:
    return click.option(*names, metavar=metavar, help=help, **more)


_WHAT = (
    _option(
        "--model",
        "model_name",
        metavar="MODULE:FACTORY",
        required=True,
        help="Function that returns the trained model, as mypackage.nets:resnet.",
    ),
    _option(
        "--data",
        "data_name",
        metavar="MODULE:LOADERS",
        required=True,
        help="Function that returns the data: (train, test) or (train, holdout, test) loaders. Or "
        "digits, cifar10=PATH, imagenet=PATH.",
    ),
    _option(
        "--method",
        metavar="NAME",
        required=True,
        type=click.Choice(list(METHODS)),
        help=f"One of {', '.join(METHODS)}.",
    ),
    _option(
        "--budget",
        metavar="LIMIT",
        required=True,
        help="What the pruned network may cost: 60% of the energy, or an amount of it; or several "
        "limits, as energy=60%,parameters=1e6 (also cycles, dram_words, macs).",
    ),
    _option(
        "--out",
        "folder",
        metavar="FOLDER",
        help="Folder of the run: config, metrics, checkpoint, and the result; runs/METHOD unless "
        "given.",
    ),
    _option("--resume", is_flag=True, help="Go on with the run that the folder has."),
    _option(
        "--arch",
        metavar="NAME|FILE",
        help="A built-in architecture (see 'energysim architectures'), or a .yaml file; unless "
        "given, eyeriss, but for eap estimation-tool, where weights that are zero save energy.",
    ),
    _option(
        "--dataflow",
        metavar="NAME|FILE",
        help="A built-in dataflow (see 'energysim dataflows'), or a .yaml file; unless given, rs, "
        "but for eap rs-estimation-tool.",
    ),
    batch_option,
)

_HOW = (
    _option(
        "--weights",
        metavar="FILE",
        help="Weights to load into the model: a state_dict (.pt), or arrays (.npz).",
    ),
    _option(
        "--input",
        "shape",
        metavar="SHAPE",
        help="Shape of the model's input, as 1x3x224x224; that of the data unless given.",
    ),
    _option(
        "--measure-densities",
        is_flag=True,
        help="Count with the zeros that ifmaps have on hold-out images.",
    ),
    _option(
        "--short",
        metavar="N",
        default=20,
        show_default=True,
        help="Batches of the short training in each step.",
    ),
    _option(
        "--epochs",
        metavar="N",
        default=5,
        show_default=True,
        help="Epochs of the long training at the end.",
    ),
    _option("--lr", metavar="X", default=0.01, show_default=True, help="Learning rate."),
    _option(
        "--distillation",
        metavar="X",
        default=0.0,
        show_default=True,
        help="Weight, from 0 to 1, of the outputs of the model before pruning.",
    ),
    _option(
        "--holdout",
        metavar="X",
        default=0.1,
        show_default=True,
        help="Share of the training data to select on, if the data has no hold-out set.",
    ),
    _option(
        "--seed",
        metavar="N",
        default=0,
        show_default=True,
        help="Of all random numbers.",
    ),
    _option(
        "--device",
        metavar="NAME",
        default="auto",
        show_default=True,
        help="Where to train: cpu, cuda, or cuda if there is one.",
    ),
    _option(
        "--set",
        "option_words",
        metavar="OPTION=VALUE",
        multiple=True,
        help="An option of the method, such as channel_step=8.",
    ),
)


def prune_options(command: _Command) -> _Command:
    """Add all options but ``--json``."""
    for option in reversed((*_WHAT, *_HOW)):
        command = option(command)
    return command
