"""All the gates that the tests start, side by side: each of them mostly waits.

They begin with the first test here, those of them that any collected test asks about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import TypeVar

from tests.cli.gated import BARE, Ended, Folder
from tests.cli.mistakes import STARTED
from tests.cli.moments import MOMENTS, interrupted
from tests.cli.moments import Ended as Interrupted
from tests.cli.whole import Gated, gated

T = TypeVar("T")
Runs = dict[str, Future[T]]


class Gates:
    """`whole`: on the tiny service, held and bare. `interrupted`: by moment. `mistaken`: by what is wrong.

    `new` makes the folder of a gate. The whole ones, which are judged, have their turn at once; of the others
    a few run at a time, those that take longest first.
    """

    def __init__(self, new: Callable[[], Folder], wanted: Collection[str]) -> None:
        self._judged, self._others = ThreadPoolExecutor(2), ThreadPoolExecutor(4)
        self.whole: Runs[Gated] = {}
        self.interrupted: Runs[Interrupted] = {}
        self.mistaken: Runs[tuple[Ended, Folder]] = {}
        if "whole" in wanted:
            bare = new()
            bare.write("app.py", BARE)
            # All faults would take another minute; what each does is shown at the proxy.
            faults = ("--fault", "slow", "--fault", "reset")
            self.whole["held"] = self._judged.submit(gated, new(), "--seed", "7", *faults)
            self.whole["bare"] = self._judged.submit(gated, bare, *faults)
        if "interrupted" in wanted:
            for name in sorted(MOMENTS, key=lambda name: MOMENTS[name].said != "entries reset:"):
                self.interrupted[name] = self._others.submit(interrupted, new(), MOMENTS[name])
        if "mistaken" in wanted:
            for name, case in STARTED.items():
                made = new()
                case.prepare(made)
                self.mistaken[name] = self._others.submit(_mistaken, made, case.words)

    def wait(self) -> None:
        """Wait until all have ended."""
        wait([*self.whole.values(), *self.interrupted.values(), *self.mistaken.values()])

    @staticmethod
    def results(runs: Runs[T]) -> dict[str, T]:
        """Return what came of them, once all have ended."""
        return {name: run.result() for name, run in runs.items()}

    def close(self, folders: ExitStack) -> None:
        """Begin no more; `folders` end what still runs."""
        for pool in (self._judged, self._others):
            pool.shutdown(wait=False, cancel_futures=True)
        folders.close()
        for pool in (self._judged, self._others):
            pool.shutdown()


def _mistaken(made: Folder, words: tuple[str, ...]) -> tuple[Ended, Folder]:
    return made.run("gate", *words), made
