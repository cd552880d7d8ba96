"""Progress of what takes longer than a second."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import rich.progress

__all__ = ["Progress"]


class Progress:
    """A bar on stderr, once something takes longer than a second; none where nobody sees it.

    Call it with the number of things done and of all things.
    """

    def __init__(self, what: str, delay: float = 1.0) -> None:
        self._what = what
        #: Whether anybody would see it.
        self.visible = sys.stderr.isatty()
        self._timer = threading.Timer(delay, self._start) if self.visible else None
        self._lock = threading.Lock()
        self._bar: rich.progress.Progress | None = None
        self._task: rich.progress.TaskID | None = None
        self._state = (0, 1)
        self._over = False

    def __enter__(self) -> Progress:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._over = True
            if self._bar is not None:
                self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        """Show how far it is."""
        with self._lock:
            self._state = (done, total)
            if self._bar is not None and self._task is not None:
                self._bar.update(self._task, completed=done, total=total)

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bar

        with self._lock:
            if self._over:
                return
            done, total = self._state
            self._bar = Bar(console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(self._what, completed=done, total=total)
            self._bar.start()
