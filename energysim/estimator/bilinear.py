"""A model of the energy that is bilinear in channels, fitted to an estimator's exact answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from energysim.checks import member, whole
from energysim.energy_table import Unit
from energysim.errors import InvalidInput, unknown_name
from energysim.estimator.groups import ChannelGroup, Form

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from energysim.estimator.estimator import Estimator

__all__ = ["BilinearModel", "fit_bilinear"]

Method: TypeAlias = Literal["ridge", "adam"]

# Constants of the authors' program, github.com/hyang1990/energy_constrained_compression,
# energy_estimator.py: weight decay, step and epochs of Adam, share of samples held out, seed.
_DECAY = 1e-3
_STEP = 1e-3
_EPOCHS = 10_000
_HELD_OUT = 0.2
_SEED = 117


@dataclass(frozen=True, eq=False)
class BilinearModel:
    """Energy as the sum of a constant and, for each layer, a product of its shares of channels.

    This is the model of ECC (Yang, Zhu and Liu, CVPR 2019): ``E(s) = b + sum_j a_j x_j y_j``, where
    ``x_j`` and ``y_j`` are the shares of layer j's input and output channels that are kept.  In a
    chain these are ``s_(j-1) / u_(j-1)`` and ``s_j / u_j``.  Here they follow the groups of the
    estimator, also through sums and concatenations.  A depthwise layer has its inputs' share alone,
    as its work grows with that.  What is not pruned has the share 1.

    Parameters
    ----------
    groups : tuple of ChannelGroup
        The groups whose channels the model takes, in their order.
    intercept : float
        ``b``, in `unit`.
    slopes : dict
        ``a_j`` of each layer by name, in `unit`.  Of layers with the same shares only the sum of
        the slopes is determined.
    error : float
        Mean of ``|model - exact| / exact`` over the samples that were held out of the fit.
    fitted, held_out : int
        Numbers of samples.
    unit : {"mac", "pJ"}
        Unit of energies, the estimator's.
    """

    groups: tuple[ChannelGroup, ...]
    intercept: float
    slopes: dict[str, float]
    error: float
    fitted: int
    held_out: int
    unit: Unit
    _terms: _Terms

    def __repr__(self) -> str:
        return (
            f"<BilinearModel of {len(self.slopes)} layers and {len(self.groups)} groups of "
            f"channels: error {self.error:.2%} of {self.held_out} samples held out of the fit>"
        )

    def energy(self, channels: Any) -> Any:
        """Return what the model says; channels may be real numbers and are not checked for range.

        Parameters
        ----------
        channels : dict, or array of shape (groups,) or (rows, groups)
            Channels that each group keeps.  A group that a dict leaves out keeps all.

        Returns
        -------
        float or array of shape (rows,)
            Energies in `unit`.

        Raises
        ------
        InvalidInput, UnknownName
            If there is not a finite number for each group.

        Examples
        --------
        >>> import energysim as es
        >>> est = es.Estimator("alexnet", "eyeriss", "rs-chip")
        >>> model = es.fit_bilinear(est, 200)
        >>> model.energy({"CONV1": 48.5}) < model.energy({})
        True
        """
        kept = self._kept(channels)
        inputs, outputs = self._terms.shares(kept)
        energies = self.intercept + (inputs * outputs) @ self._slopes()
        return float(energies) if kept.ndim == 1 else energies

    def gradient(self, channels: Any) -> NDArray[numpy.float64]:
        """Return the derivatives of `energy` with respect to the channels of each group.

        Parameters
        ----------
        channels : dict, or array of shape (groups,) or (rows, groups)
            Where to take them; see `energy`.

        Returns
        -------
        array of the shape of `channels`
            Energies in `unit`, per channel.
        """
        inputs, outputs = self._terms.shares(self._kept(channels))
        slopes, terms = self._slopes(), self._terms
        gradient: NDArray[numpy.float64]
        gradient = (slopes * outputs) @ terms.inputs + (slopes * inputs) @ terms.outputs
        return gradient

    def _slopes(self) -> NDArray[numpy.float64]:
        import numpy as np

        return np.array(list(self.slopes.values()))

    def _kept(self, channels: Any) -> NDArray[numpy.float64]:
        import numpy as np

        if isinstance(channels, Mapping):
            full: dict[Any, Any] = {group.name: group.channels for group in self.groups}
            for name in channels:
                if name not in full:
                    raise unknown_name("group", name, list(full))
            channels = list((full | dict(channels)).values())
        try:
            kept = np.asarray(channels, dtype=np.float64)
        except (TypeError, ValueError):
            raise InvalidInput("channels must be a number for each group") from None
        if kept.ndim not in (1, 2) or kept.shape[-1] != len(self.groups):
            raise InvalidInput(
                f"channels must be a number for each of the {len(self.groups)} groups, or rows of "
                f"them, not of shape {kept.shape}"
            )
        if not np.isfinite(kept).all():
            raise InvalidInput("channels must be finite numbers")
        return kept


@dataclass(frozen=True, eq=False)
class _Terms:
    """Shares of each layer's channels: matrices (layers, groups), and what is always kept."""

    inputs: NDArray[numpy.float64]
    outputs: NDArray[numpy.float64]
    fixed_inputs: NDArray[numpy.float64]
    fixed_outputs: NDArray[numpy.float64]

    def shares(self, kept: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return shares of inputs and outputs, each of shape (..., layers)."""
        return (
            kept @ self.inputs.T + self.fixed_inputs,
            kept @ self.outputs.T + self.fixed_outputs,
        )


def fit_bilinear(
    est: Estimator,
    samples: int = 10_000,
    *,
    method: Method = "ridge",
    widths: int | None = None,
    seed: int = _SEED,
    threads: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> BilinearModel:
    """Fit ECC's bilinear model of the energy to random networks that the estimator answers exactly.

    The channels of each group are drawn uniformly and independently.  A fifth of the samples is
    held out and measures the error.  Where ECC measures a network on the device, this asks the
    estimator; its present state says with which densities, bits and batch.

    Parameters
    ----------
    est : Estimator
        What is asked.
    samples : int, default 10,000
        How many networks, at least 10.
    method : {"ridge", "adam"}
        ``"ridge"`` solves ``(X'X + 0.0005 I) w = X'y``.  ``"adam"`` takes 10,000 steps of Adam
        along the mean squared error of all samples, with a weight decay of 0.001.  That decay is
        not divided by the number of samples, so that the optimum is biased towards 0, and the
        error larger.  Both are the authors' settings.  Energies are fitted relative to that of the
        whole network.
    widths : int, optional
        Draw the channels of a group from so many values, themselves drawn at random, and not from
        all.  Then many samples share the shapes of layers, and take much less time.
    seed : int, default 117
        Of the random numbers.  The same seed gives the same model.
    threads : int, default 1
        Threads that answer; 0 takes all cores.
    progress : callable, optional
        Called with the number of samples answered and of all samples, now and then.

    Returns
    -------
    BilinearModel
        With its error.

    Raises
    ------
    InvalidInput, UnknownName
        If a number has no meaning, or if the network has no groups of channels.

    Examples
    --------
    >>> import energysim as es
    >>> est = es.Estimator("alexnet", "eyeriss", "rs-chip")
    >>> model = es.fit_bilinear(est, 500)
    >>> 0 < model.error < 0.1
    True
    >>> model.slopes["FC1"] > model.slopes["FC3"]
    True
    """
    import numpy as np

    member(method, "method", ("ridge", "adam"))
    count = whole(samples, "samples", least=10)
    if not est.groups:
        raise InvalidInput(
            "the network has no groups of channels that can be pruned: say with feeds= which layer "
            "feeds which"
        )
    random = np.random.default_rng(whole(seed, "seed", least=0))
    rows = _drawn(random, est.groups, count, widths)
    energies = est.energy_batch(rows, threads=threads, progress=progress)
    full = float(est.energy([group.channels for group in est.groups]))
    if full <= 0:
        raise InvalidInput("the network costs no energy: there is nothing to fit")
    terms = _terms(est)
    inputs, outputs = terms.shares(rows)
    features = np.column_stack((np.ones(count), inputs * outputs))
    held_out = round(count * _HELD_OUT)
    solve = _ridge if method == "ridge" else _adam
    weights = solve(features[held_out:], energies[held_out:] / full) * full
    told, exact = features[:held_out] @ weights, energies[:held_out]
    return BilinearModel(
        est.groups,
        float(weights[0]),
        dict(zip(est.network.layer_names, weights[1:].tolist(), strict=True)),
        float(np.mean(np.abs(told - exact) / exact)),
        count - held_out,
        held_out,
        est.unit,
        terms,
    )


def _drawn(
    random: numpy.random.Generator, groups: Sequence[ChannelGroup], rows: int, widths: int | None
) -> NDArray[numpy.int64]:
    """Draw channels that groups keep, multiples of their steps."""
    import numpy as np

    columns = []
    for group in groups:
        most = group.channels // group.step
        if widths is None:
            drawn = random.integers(1, most, rows, endpoint=True)
        else:
            pool = random.integers(1, most, whole(widths, "widths"), endpoint=True)
            drawn = random.choice(pool, rows)
        columns.append(drawn * group.step)
    return np.stack(columns, axis=1)


def _terms(est: Estimator) -> _Terms:
    import numpy as np

    inputs, fixed_inputs = _share(est._groups.inputs, len(est.groups), est.groups)
    outputs, fixed_outputs = _share(est._groups.outputs, len(est.groups), est.groups)
    depthwise = np.array([layer.G > 1 and layer.C == 1 for layer in est.network])
    outputs[depthwise], fixed_outputs[depthwise] = 0, 1
    return _Terms(inputs, outputs, fixed_inputs, fixed_outputs)


def _share(
    forms: Sequence[Form], width: int, groups: Sequence[ChannelGroup]
) -> tuple[NDArray[numpy.float64], NDArray[numpy.float64]]:
    import numpy as np

    share, fixed = np.zeros((len(forms), width)), np.zeros(len(forms))
    for i, (always, terms) in enumerate(forms):
        channels = always + sum(factor * groups[group].channels for group, factor in terms)
        fixed[i] = always / channels
        for group, factor in terms:
            share[i, group] = factor / channels
    return share, fixed


def _ridge(features: NDArray[Any], energies: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    square = features.T @ features
    decay = 0.5 * _DECAY * np.eye(len(square))
    return np.linalg.solve(square + decay, features.T @ energies)


def _adam(features: NDArray[Any], energies: NDArray[Any]) -> NDArray[Any]:
    """Adam (Kingma and Ba, ICLR 2015, algorithm 1) from 0, with its usual constants."""
    import numpy as np

    beta1, beta2, tiny = 0.9, 0.999, 1e-8
    square, product = features.T @ features / len(features), features.T @ energies / len(features)
    weights, mean, variance = (np.zeros(len(square)) for _ in range(3))
    for step in range(1, _EPOCHS + 1):
        slope = 2 * (square @ weights - product) + _DECAY * weights
        mean = beta1 * mean + (1 - beta1) * slope
        variance = beta2 * variance + (1 - beta2) * slope**2
        scale = np.sqrt(variance / (1 - beta2**step)) + tiny
        weights = weights - _STEP * mean / (1 - beta1**step) / scale
    return weights
