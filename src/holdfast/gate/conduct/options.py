"""What a run is asked to do."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

__all__ = ["Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """`app` as uvicorn takes it ("shop.main:app"); `environ` is what the service gets, stand-ins aside."""

    app: str
    environment: str | None = None
    seed: int = 1
    environ: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    boot_deadline: float = 60.0

    def reproduce(self, budget: Path) -> str:
        """Return the command that runs the same schedule again."""
        words = ["holdfast", "gate", self.app, "--budget", str(budget), "--seed", str(self.seed)]
        if self.environment:
            words += ["--env", self.environment]
        return shlex.join(words)
