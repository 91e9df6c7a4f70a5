"""What a run is asked to do."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from holdfast.budget import Loaded
from holdfast.gate.conduct.offer import Replay
from holdfast.gate.scenario import FAULTS

__all__ = ["Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """`app` as uvicorn takes it ("shop.main:app"). `environ`: in which the dependencies' variables are looked
    up, and which the service gets. `boot`: seconds that it has to become ready. `faults`: what is done to
    each dependency, of `FAULTS`. `replay`: a recording that is driven instead of all that, without faults.
    """

    app: str
    seed: int = 1
    environ: Mapping[str, str] = field(default_factory=dict)
    boot: float = 60.0
    faults: Collection[str] = FAULTS
    replay: Replay | None = None

    def reproduce(self, loaded: Loaded) -> str:
        """Return the command that runs the same schedule again."""
        words = ["holdfast", "gate", self.app, "--budget", loaded.shown, "--seed", str(self.seed)]
        if self.replay is not None:
            words += ["--replay", str(self.replay.path), "--speed", f"{self.replay.speed:g}"]
        for fault in self.faults if set(self.faults) != set(FAULTS) else ():
            words += ["--fault", fault]
        if loaded.environment:
            words += ["--env", loaded.environment]
        return shlex.join(words)
