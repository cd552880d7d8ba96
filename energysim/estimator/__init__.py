"""Many questions about one network, each answered exactly; see `Estimator`."""

from energysim.estimator.estimator import Estimator
from energysim.estimator.groups import ChannelGroup

__all__ = ["ChannelGroup", "Estimator"]
