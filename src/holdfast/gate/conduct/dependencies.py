"""The budget's dependencies, put behind proxies: where each really is, and what the service is told instead."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from holdfast.budget import Loaded
from holdfast.errors import UsageError
from holdfast.gate.fault.counts import Counts
from holdfast.gate.fault.proxy import Proxy
from holdfast.gate.fault.wiring import Unproxied, endpoint, rewire
from holdfast.gate.launch.port import free
from holdfast.gate.launch.standin import StandIn

__all__ = ["Dependencies", "Wired", "wire"]


@dataclass(frozen=True, slots=True)
class Wired:
    """One dependency: its proxy and real address, or `why` it has none."""

    name: str
    kind: str
    proxy: Proxy | None
    real: tuple[str, int] | None
    why: str


@dataclass(frozen=True, slots=True)
class Dependencies:
    """All of them, and the environment by which the service finds them."""

    wired: tuple[Wired, ...]
    environ: Mapping[str, str]

    def proxied(self) -> dict[str, Proxy]:
        """Return the proxies by name."""
        return {each.name: each.proxy for each in self.wired if each.proxy is not None}

    def real(self) -> dict[str, tuple[str, int]]:
        """Return the real addresses of what is proxied."""
        return {each.name: each.real for each in self.wired if each.proxy is not None and each.real}

    def counts(self) -> dict[str, Counts]:
        """Return what each proxy has seen so far."""
        return {name: proxy.counts() for name, proxy in self.proxied().items()}


async def wire(
    loaded: Loaded, environ: Mapping[str, str], scratch: Path, cores: frozenset[int], stack: AsyncExitStack
) -> Dependencies:
    """Find or start every dependency, put a proxy before each that has a network address.

    What is started is entered into `stack`. Raises UsageError naming the variable that is not set and has
    no stand-in.
    """
    wired: list[Wired] = []
    told: dict[str, str] = {}
    for name, section in loaded.budget.dependency.items():
        variable = section.url_env
        if variable is None:
            wired.append(Wired(name, section.kind, None, None, "the budget names no url_env to rewire it by"))
            continue
        url = environ.get(variable) or await _stand_in(loaded, name, scratch, cores, stack)
        address = endpoint(url, variable)
        if isinstance(address, Unproxied):
            told[variable] = url
            wired.append(Wired(name, section.kind, None, None, address.why))
            continue
        proxy = Proxy(name, *address, protocol=section.kind)
        stack.push_async_callback(proxy.close)
        told[variable] = rewire(url, *await proxy.start())
        wired.append(Wired(name, section.kind, proxy, address, ""))
    return Dependencies(tuple(wired), told)


async def _stand_in(
    loaded: Loaded, name: str, scratch: Path, cores: frozenset[int], stack: AsyncExitStack
) -> str:
    """Start the stand-in of a dependency whose variable is not set; returns its URL."""
    section = loaded.budget.dependency[name]
    if section.stand_in is None:
        raise UsageError(
            f"not set, and dependency {name} has no stand_in to start instead "
            f"({loaded.place(f'dependency.{name}')})",
            place=str(section.url_env),
        )
    port = free()
    filled = {"port": str(port), "dir": str(scratch)}
    if section.stand_in.run is not None:
        words = [word.format(**filled) for word in shlex.split(section.stand_in.run)]
        await stack.enter_async_context(StandIn(name, words, port, cores=cores))
    return section.stand_in.url.format(**filled)
