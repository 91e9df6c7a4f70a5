"""The budget's dependencies, put behind proxies: where each really is, and what the service is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from holdfast.budget import Loaded
from holdfast.errors import UsageError
from holdfast.gate.fault.counts import Counts
from holdfast.gate.fault.framer import framer_of
from holdfast.gate.fault.proxy import Proxy
from holdfast.gate.fault.wiring import Endpoint, Unproxied, endpoint, rewire
from holdfast.gate.launch.standin import StandIn

__all__ = ["Dependencies", "Wired", "wire"]


@dataclass(frozen=True, slots=True)
class Wired:
    """One dependency: its proxy, or `why` it has none."""

    name: str
    kind: str
    proxy: Proxy | None
    why: str


@dataclass(frozen=True, slots=True)
class Dependencies:
    """All of them, and the environment by which the service finds them."""

    wired: tuple[Wired, ...]
    environ: Mapping[str, str]

    def proxies(self) -> dict[str, Proxy]:
        """Return the proxies by name."""
        return {each.name: each.proxy for each in self.wired if each.proxy is not None}

    def counts(self) -> dict[str, Counts]:
        """Return what each proxy has seen so far."""
        return {name: proxy.counts for name, proxy in self.proxies().items()}


async def wire(
    loaded: Loaded,
    environ: Mapping[str, str],
    scratch: Path,
    cpus: Collection[int],
    stack: AsyncExitStack,
    *,
    seed: int,
) -> Dependencies:
    """Find or start every dependency, and put a proxy before each that has a network address.

    What is started is entered into `stack`. Raises UsageError naming the variable that is not set where the
    budget has no stand-in for it.
    """
    wired: list[Wired] = []
    told: dict[str, str] = {}
    for name, section in loaded.budget.dependency.items():
        variable = section.url_env
        if variable is None:
            wired.append(Wired(name, section.kind, None, "the budget names no url_env to rewire it by"))
            continue
        url = environ.get(variable) or await _stand_in(loaded, name, environ, scratch, cpus, stack)
        where = endpoint(url, variable=variable)
        if not isinstance(where, Endpoint):
            told[variable] = url
            why = where.why if isinstance(where, Unproxied) else "a file, no network: not broken by this gate"
            wired.append(Wired(name, section.kind, None, why))
            continue
        proxy = Proxy(name, *where, framer_of(section.kind), seed=seed)
        stack.push_async_callback(proxy.close)
        told[variable] = rewire(url, *await proxy.start(), variable=variable)
        wired.append(Wired(name, section.kind, proxy, ""))
    return Dependencies(tuple(wired), told)


async def _stand_in(
    loaded: Loaded,
    name: str,
    environ: Mapping[str, str],
    scratch: Path,
    cpus: Collection[int],
    stack: AsyncExitStack,
) -> str:
    """Start the stand-in of a dependency whose variable is not set; returns its URL."""
    section = loaded.budget.dependency[name]
    if section.stand_in is None:
        raise UsageError(
            f"not set, and dependency {name} ({loaded.place(f'dependency.{name}')}) has no stand_in",
            place=str(section.url_env),
        )
    given = section.stand_in
    stand_in = StandIn(name, given.run, given.url, scratch, cpus=cpus, environ=environ or None)
    await stack.enter_async_context(stand_in)
    return stand_in.url
