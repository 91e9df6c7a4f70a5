"""What all derivations start from: the budget, and how many workers share it."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.budget.derive.cores import Cores
from holdfast.budget.derive.result import Finding
from holdfast.budget.loaded import Loaded
from holdfast.budget.model import Budget
from holdfast.budget.units import format_factor, format_rate

__all__ = ["Ground"]


@dataclass(frozen=True, slots=True)
class Ground:
    """A loaded budget, the worker processes of one replica and the cores that they share."""

    loaded: Loaded
    workers: int
    cores: Cores

    @property
    def budget(self) -> Budget:
        """The budget."""
        return self.loaded.budget

    @property
    def everywhere(self) -> int:
        """Workers that carry the peak: those of all replicas at their maximum."""
        return self.workers * self.budget.service.replicas.max

    @property
    def deploying(self) -> int:
        """Workers that exist while a deployment runs: the surge included."""
        replicas = self.budget.service.replicas
        return self.workers * (replicas.max + replicas.surge)

    @property
    def most(self) -> float | None:
        """Requests a second in a burst at the peak, over the whole service; None where no peak is decided."""
        traffic = self.budget.traffic
        return None if traffic.peak is None else traffic.peak * (traffic.burst or 1.0)

    def most_inputs(self) -> dict[str, str]:
        """Return the inputs of `most`."""
        traffic = self.budget.traffic
        if traffic.peak is None:
            return {}
        burst = format_factor(traffic.burst) if traffic.burst else "not decided, counted as 1"
        return {"traffic.peak": format_rate(traffic.peak), "traffic.burst": burst}

    def spread_inputs(self) -> dict[str, str]:
        """Return the inputs of `everywhere`."""
        return {
            "service.workers": str(self.workers),
            "service.replicas.max": str(self.budget.service.replicas.max),
        }

    def share(self, dependency: str) -> float:
        """Return the share of all requests that call a dependency.

        It is known where [traffic] says what its requests need; where none names the dependency,
        each request is taken to call it, which errs on the safe side.
        """
        sent = list(self.budget.traffic.sent())
        needing = sum(weight for each, weight in sent if dependency in each.needs)
        return needing / sum(weight for _, weight in sent) if needing else 1.0

    def finding(self, path: str, message: str) -> Finding:
        """Return a finding at the place of `path`."""
        return Finding(path, message, self.loaded.place(path))
