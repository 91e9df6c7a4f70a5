"""What a run is asked to do."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast.budget import Loaded

__all__ = ["Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """`app` as uvicorn takes it ("shop.main:app"). `environ`: in which the dependencies' variables are looked
    up, and which the service gets. `boot`: seconds that it has to become ready."""

    app: str
    seed: int = 1
    environ: Mapping[str, str] = field(default_factory=dict)
    boot: float = 60.0

    def reproduce(self, loaded: Loaded) -> str:
        """Return the command that runs the same schedule again."""
        words = ["holdfast", "gate", self.app, "--budget", loaded.shown, "--seed", str(self.seed)]
        if loaded.environment:
            words += ["--env", loaded.environment]
        return shlex.join(words)
