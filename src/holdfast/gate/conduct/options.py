"""What a run is asked to do."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from holdfast.budget import Loaded
from holdfast.gate.scenario import FAULTS

__all__ = ["Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """`app` as uvicorn takes it ("shop.main:app"). `environ`: in which the dependencies' variables are looked
    up, and which the service gets. `boot`: seconds that it has to become ready. `faults`: what is done to
    each dependency, of `FAULTS`.
    """

    app: str
    seed: int = 1
    environ: Mapping[str, str] = field(default_factory=dict)
    boot: float = 60.0
    faults: Collection[str] = FAULTS

    def reproduce(self, loaded: Loaded) -> str:
        """Return the command that runs the same schedule again."""
        words = ["holdfast", "gate", self.app, "--budget", loaded.shown, "--seed", str(self.seed)]
        for fault in self.faults if set(self.faults) != set(FAULTS) else ():
            words += ["--fault", fault]
        if loaded.environment:
            words += ["--env", loaded.environment]
        return shlex.join(words)
