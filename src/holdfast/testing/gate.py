"""The gate as a fixture: a test that starts the service, loads it, breaks its dependencies, and asks.

It takes as long as `holdfast gate` does. What the gate needs is imported when a test asks for it: pytest
loads this module in every project that has holdfast installed.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from holdfast.client.strict import STRICT
from holdfast.errors import BootFailed, NotMeasured, UsageError

if TYPE_CHECKING:
    from holdfast.budget import Loaded
    from holdfast.gate.conduct import Options
    from holdfast.gate.result import GateResult, Judgement, Verdict

__all__ = ["Gate", "Gated", "gate"]


@dataclass(frozen=True, slots=True)
class Gated:
    """What a gate decided: the whole `result`, and its `report`, a page; the other files lie beside it."""

    result: GateResult = field(repr=False)
    report: Path

    @property
    def verdict(self) -> Verdict:
        """The decision."""
        return self.result.verdict

    @property
    def judgements(self) -> Sequence[Judgement]:
        """Each objective, held against what was measured."""
        return self.result.judgements

    @property
    def passed(self) -> bool:
        """Whether it passed; what could not be told has not."""
        return self.verdict.outcome == "pass"

    @property
    def summary(self) -> str:
        """The decision in words: what was missed or could not be told, and how to run it again."""
        lines = [f"{self.verdict.outcome}: {self.verdict.summary}"]
        lines += [
            f"- {judged.title}: {judged.outcome}, {judged.why}" + (judged.place and f" ({judged.place})")
            for judged in self.judgements
            if judged.outcome not in ("pass", "not judged")
        ]
        lines += [
            f"  why: {reason.title}" + (reason.place and f" ({reason.place})")
            for reason in self.result.reasons
        ]
        return "\n".join([*lines, f"report: {self.report}", f"again: {self.result.reproduce}"])


class Gate:
    """Runs gates whose reports go below `folder`; in `path` the service's modules are looked for first."""

    def __init__(self, folder: Path, path: Sequence[Path] = ()) -> None:
        self._folder = folder
        self._path = path
        self._count = 0

    def __call__(
        self,
        app: str | None = None,
        *,
        budget: Path | str | None = None,
        env: str | None = None,
        seed: int = 1,
        faults: Collection[str] | None = None,
        boot: float = 60.0,
        within: float = 1800.0,
    ) -> Gated:
        """Run the gate on `app` (default: the budget's), as `holdfast gate` with the options of these names.

        `faults`: what is done to dependencies; default: all. `within`: seconds after which the run is given
        up, so that it never holds up a suite.

        Raises what the command would end with: UsageError, MissingNumber, BootFailed, NotMeasured.
        """
        __tracebackhide__ = True
        from holdfast.budget import load
        from holdfast.gate.conduct import Options
        from holdfast.gate.report import files
        from holdfast.gate.scenario import FAULTS

        loaded = load(None if budget is None else Path(budget), environment=env)
        chosen = app or loaded.budget.service.app
        if chosen is None:
            raise UsageError("name the app, or write it into the budget", place="service.app")
        wanted = FAULTS if faults is None else tuple(word for word in FAULTS if word in faults)
        if not wanted or (faults is not None and set(faults) - set(wanted)):
            raise UsageError(f"expected some of {', '.join(FAULTS)}, not {faults!r}", place="faults")
        options = Options(chosen, seed, self._environ(), boot, wanted)
        result = _run(loaded, options, within)
        self._count += 1
        folder = self._folder / f"gate-{self._count}"
        folder.mkdir(parents=True)
        files.write(result, folder)
        return Gated(result, folder / "gate.html")

    def _environ(self) -> dict[str, str]:
        """Return our environment; in it the service finds what the tests find, and runs as in production."""
        paths = [*map(str, self._path), os.environ.get("PYTHONPATH", "")]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), STRICT: "0"}


def _run(loaded: Loaded, options: Options, within: float) -> GateResult:
    """Run the gate on a loop in a thread of its own.

    What interrupts a test (Ctrl-C, the limit of pytest-timeout) is raised by a signal. Raised amid the
    callbacks of a loop it is logged, and the run goes on; raised in who waits for it, it ends the run.
    """
    import uvloop

    from holdfast.gate.conduct import run
    from holdfast.gate.conduct.live import Unseen

    __tracebackhide__ = True
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[GateResult]]] = Future()

    async def bounded() -> GateResult:
        try:
            async with asyncio.timeout(within) as limit:
                return await run(loaded, options, Unseen())
        except TimeoutError:
            if limit.expired():
                raise NotMeasured(f"given up after {within:g} s") from None
            raise

    async def begin() -> GateResult:
        task = asyncio.create_task(bounded())
        begun.set_result((asyncio.get_running_loop(), task))
        return await task

    def whole() -> GateResult:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                return runner.run(begin())
        finally:
            begun.cancel()  # nobody waits for what never begins

    with ThreadPoolExecutor(1, "holdfast-gate") as thread:
        ending = thread.submit(whole)
        try:
            return ending.result()
        except BaseException as error:
            if not ending.done():
                with suppress(CancelledError, RuntimeError):  # it ends just now
                    loop, task = begun.result()
                    loop.call_soon_threadsafe(task.cancel)
            if isinstance(error, BootFailed) and error.output:
                error.add_note(error.output)
            raise


@pytest.fixture
def gate(tmp_path: Path, pytestconfig: pytest.Config) -> Gate:
    """Return what runs the gate on a service; skips the test where the gate's extra is not installed."""
    try:
        import uvloop  # noqa: F401

        import holdfast.gate.conduct
        import holdfast.gate.report.files  # noqa: F401
    except ModuleNotFoundError as error:
        pytest.skip(f"the gate needs {error.name!r}, which is not installed: pip install 'holdfast[gate]'")
    return Gate(tmp_path, pytestconfig.getini("pythonpath"))
