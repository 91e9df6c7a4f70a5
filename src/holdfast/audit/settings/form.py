"""What the files say of how a service is run, whichever file says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast.audit.settings.command import Command
from holdfast.audit.source.form import Trouble

__all__ = ["Container", "Launch", "Probe", "Settings", "Workload"]


@dataclass(frozen=True, slots=True)
class Launch:
    """A server is started by `command`, at `line` of `file`.

    `origin`: "Dockerfile", "compose", "Kubernetes", "Procfile", "script". `shell`: a shell stands between who
    starts it and the server. `development`: the file or its stage says that it is not for production.
    `environment`: the variables that are set beside it.
    """

    file: str
    line: int
    origin: str
    command: Command
    shell: bool = False
    development: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probe:
    """`path` is what it asks by HTTP; "" for another kind of probe."""

    line: int
    path: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a workload; `line` is where its name stands, `image` what it runs.

    `serves`: it declares ports. `stops`: it has a preStop hook, which sleeps `pauses` seconds.
    """

    name: str
    line: int
    serves: bool
    memory: str = ""
    readiness: Probe | None = None
    liveness: Probe | None = None
    stops: bool = False
    pauses: float = 0.0
    command: Command | None = None
    image: str = ""


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment or the like, of Kubernetes; `grace` in seconds, 30 where the manifest says nothing.

    `partial`: it is a part that Kustomize lays others over, so that what it does not say may stand elsewhere.
    """

    file: str
    kind: str
    name: str
    line: int
    containers: tuple[Container, ...]
    grace: float = 30.0
    grace_line: int = 0
    partial: bool = False


@dataclass(slots=True)
class Settings:
    """All that was read; `troubles` by file, `budgets` the folders that a budget is there for, "" for all."""

    launches: list[Launch] = field(default_factory=list)
    workloads: list[Workload] = field(default_factory=list)
    budgets: list[str] = field(default_factory=list)
    troubles: dict[str, tuple[Trouble, ...]] = field(default_factory=dict)

    def has_budget(self, path: str) -> bool:
        """Whether there is a budget for the file `path`."""
        return any(path.startswith(f"{folder}/" if folder else "") for folder in self.budgets)
