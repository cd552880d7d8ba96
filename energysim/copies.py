"""Results that are copied and sent to other processes without what they have cached."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

__all__ = ["CopiedByFields"]


class CopiedByFields:
    """A dataclass whose copies and pickles are made of its fields alone.

    What is cached can be computed again, and might contradict the fields if it were loaded.

    Examples
    --------
    >>> import copy, energysim as es
    >>> report = es.simulate("alexnet", "eyeriss", "rs-chip")
    >>> report.energy == copy.deepcopy(report).energy
    True
    """

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is cached."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(cast(Any, self))}
