"""``energysim prune`` and ``energysim runs``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from energysim.cli.app import Failure, one_line
from energysim.cli.inputs import architecture_named, dataflow_named, reading
from energysim.cli.models import made, needing, shape_of, torch_model
from energysim.cli.output import json_option, show, table, text_writer
from energysim.cli.prune_options import prune_options
from energysim.errors import InvalidInput
from energysim.tables import si

if TYPE_CHECKING:
    from torch import nn

    from energysim.pruning.data import Data

__all__ = ["prune", "runs"]


@click.command(short_help="Prune a PyTorch model to an energy budget.")
@prune_options
@json_option
def prune(
    model_name: str,
    data_name: str,
    method: str,
    budget: str,
    folder: str,
    resume: bool,
    arch: str | None,
    dataflow: str | None,
    batch: int | None,
    json_path: str | None,
    **words: Any,
) -> None:
    """Prune a PyTorch model until it meets a budget, asking the simulator what it costs.

    What is pruned is decided on images held out of the training data; test images are looked at
    once, when all is done. The run can be killed at any moment and resumed with --resume: it loses
    at most one step, and ends with the same result.

    FOLDER then has result.json, kept.json (indices of what is left), weights.pt, model.onnx,
    metrics.jsonl, and pictures (run.png, run.html).

    \b
    Examples:
      energysim prune --model mynets:digits --data digits --method netadapt --budget 60%
      energysim prune --model mynets:digits --data digits --method uniform --budget macs=60%
    """  # noqa: D301
    folder = folder or f"runs/{method}"
    with needing("torch-pruning", "prune"):
        from energysim.pruning import picture
        from energysim.pruning.methods import make
        from energysim.pruning.training import evaluator_on
    config = {"model": model_name, "data": data_name, "batch": batch} | {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in words.items()
        if name != "device"
    }
    with text_writer(json_path) as write:
        model = _model(model_name, words["weights"], words["device"])
        data = _data(data_name, words["holdout"], words["seed"])
        example = _example(words["shape"], data)
        driver = make(
            method,
            model,
            example,
            budget,
            options=_options(words["option_words"]),
            train=data.train,
            evaluator=evaluator_on(data.holdout),
            batch=batch,
            question=_densities(model, data) if words["measure_densities"] else None,
            seed=words["seed"],
            **_accelerator(arch, dataflow),
            **_training(model, data, words),
        )
        tester = None if data.test is None else evaluator_on(data.test)
        with reading(folder):
            result = driver.run(folder, resume=resume, config=config, tester=tester)
            result.export_onnx(f"{folder}/model.onnx")
            drawn = picture.load_runs([folder])
            picture.write_png(drawn, f"{folder}/run.png")
            picture.write_html(drawn, f"{folder}/run.html")
        write(result.to_json())
    if json_path != "-":
        _show([result.to_dict() | {"name": folder}])


@click.command(short_help="Pruning runs side by side, as a table and as pictures.")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.option("--png", metavar="FILE", help="Draw accuracy against energy.")
@click.option("--html", metavar="FILE", help="The same as a page that needs no network.")
@json_option
def runs(
    folders: tuple[str, ...], png: str | None, html: str | None, json_path: str | None
) -> None:
    """Compare runs of 'energysim prune' by energy and accuracy.

    \b
    Examples:
      energysim runs runs/netadapt runs/uniform --png runs.png
      energysim runs runs/netadapt --json -
    """  # noqa: D301
    from energysim.pruning import picture

    with text_writer(json_path) as write:
        found = picture.load_runs(folders)
        for path, draw in ((png, picture.write_png), (html, picture.write_html)):
            if path is not None:
                with reading(path), needing("a plot library", "plot"):
                    draw(found, path)
        write(json.dumps(found, indent=2, allow_nan=False))
    if json_path != "-":
        _show(found)


def _show(found: list[dict[str, Any]]) -> None:
    rows = table(
        "run", "method", "budget", "energy", "energy %", "hold-out %", "test %", "before %"
    )
    for run in found:
        tested = run["test_accuracy"]
        rows.add_row(
            one_line(run["name"]),
            run["method"],
            run["budget"],
            si(run["energy"]),
            f"{100 * run['energy_share']:.2f}",
            _percent(run["accuracy"]),
            _percent(tested.get("after")),
            _percent(tested.get("before")),
        )
    show(rows)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.2f}"


def _accelerator(arch: str | None, dataflow: str | None) -> dict[str, Any]:
    """Return what is given of it; the rest is for the method to say."""
    given: dict[str, Any] = {}
    if arch is not None:
        given["arch"] = architecture_named(arch)
    if dataflow is not None:
        given["dataflow"] = dataflow_named(dataflow)
    return given


def _model(name: str, weights: str | None, device: str) -> nn.Module:
    import torch

    model = torch_model(name)
    if weights is not None:
        with reading(weights):
            state = _state(weights)
        try:
            model.load_state_dict(state)
        except RuntimeError as error:
            raise InvalidInput(f"{weights} does not fit the model: {error}") from error
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return model.to(device)
    except (RuntimeError, AssertionError) as error:
        raise Failure(f"no such device: {device}: {error}") from error


def _state(path: str) -> dict[str, Any]:
    import numpy
    import torch

    try:
        if path.endswith(".npz"):
            with numpy.load(path, allow_pickle=False) as held:
                return {name: torch.from_numpy(held[name]) for name in held.files}
        return dict(torch.load(path, map_location="cpu", weights_only=True))
    except OSError:
        raise
    except Exception as error:  # torch.load raises many kinds
        raise InvalidInput(f"{path} has no weights: {str(error)[:200]}") from error


def _data(name: str, holdout: float, seed: int) -> Data:
    from energysim.pruning import data, images

    kind, equals, path = name.partition("=")
    if name == "digits":
        return data.digits(holdout=holdout, seed=seed)
    if equals and kind in ("cifar10", "imagenet"):
        with reading(path):
            return getattr(images, kind)(path, holdout=holdout, seed=seed)  # type: ignore[no-any-return]
    return data.as_data(made(name), holdout, seed)


def _example(shape: str | None, data: Data) -> Any:
    import torch

    return data.example() if shape is None else torch.zeros(shape_of(shape))


def _training(model: nn.Module, data: Data, words: dict[str, Any]) -> dict[str, Any]:
    import copy

    from energysim.pruning.training import Trainer

    weight = words["distillation"]
    teacher = copy.deepcopy(model).eval() if weight else None
    same = {"lr": words["lr"], "teacher": teacher, "distillation": weight}
    short, epochs = words["short"], words["epochs"]
    return {
        "finetuner": Trainer(data.train, batches=short, **same) if short else None,
        "final": Trainer(data.train, epochs=epochs, **same) if epochs else None,
    }


def _densities(model: nn.Module, data: Data) -> dict[str, Any]:
    from energysim.frontends import measure_densities

    return {"ifmap_density": measure_densities(model, data.holdout, batches=4).ifmap}


def _options(words: tuple[str, ...]) -> dict[str, Any]:
    options = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise InvalidInput(f"--set must be OPTION=VALUE, not {word!r}")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return options
