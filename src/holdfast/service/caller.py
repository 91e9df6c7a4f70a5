"""Who calls: the client's address, through proxies that are trusted and through no others.

A header such as X-Forwarded-For is written by everybody on the way, the client first. Only what trusted
proxies have added is known: so the list is walked from its right end, which the nearest proxy wrote, as long
as each entry is a trusted proxy itself; the first that is none is the client. What stands further left the
client may have invented, and is not read.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.budget.model.trust import UNIX, Trust

__all__ = ["NOWHERE", "Caller", "Callers"]

NOWHERE = ""
"""The address of a client that has none: one on a Unix socket that no header tells of."""

_MOST_HOPS = 32
"""Entries of the header that are looked at: no honest chain of proxies is longer."""

_MOST_KNOWN = 4096
"""Addresses whose reading is remembered, so that a flood of them is bounded."""

_LONGEST = 512
"""Characters of an entry that may still be an address, or an element of Forwarded."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 7239, section 4: pairs of a token and a token or quoted string. Strict, so that an element that was torn
# out of somebody's quoted string is garbage and not an address.
_PAIR = r'[!#$%&\'*+.^_`|~0-9A-Za-z-]+=(?:[!#$%&\'*+.^_`|~0-9A-Za-z-]+|"(?:[^"\\]|\\.)*")'
_ELEMENT = re.compile(rf"\s*{_PAIR}(?:\s*;\s*{_PAIR})*\s*;?\s*")
_FOR = re.compile(r'(?:^|;)\s*for=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))', re.IGNORECASE)

# "1.2.3.4", "1.2.3.4:567", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:567"
_NODE = re.compile(
    r"\[([0-9A-Fa-f:.]+(?:%\w+)?)\](?::\d{1,5})?|([\d.]+)(?::\d{1,5})?|([0-9A-Fa-f:.]+(?:%\w+)?)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A client. `address` in its canonical form, `NOWHERE` where it has none.

    `group`: the address, or the IPv6 network that belongs to one client: what limits count by. `trusted`:
    whether it may set priorities and learn of timings.
    """

    address: str
    group: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one address."""

    caller: Caller
    proxy: bool


_NOBODY = Caller(NOWHERE, NOWHERE, False)


class Callers:
    """Finds who calls. Pure, and remembers what it has read of addresses; for one thread.

    Where nothing is configured, and the peer is IPv4, it is one look-up.
    """

    __slots__ = ("_callers", "_header", "_known", "_prefix", "_proxies", "_read", "_unix", "trusting")

    def __init__(self, trust: Trust | None = None) -> None:
        trust = trust or Trust()
        self._proxies = _networks(name for name in trust.proxies if name != UNIX)
        self._callers = _networks(trust.callers)
        self._unix = UNIX in trust.proxies
        self._header = trust.header.encode("ascii")
        self._read = _elements if trust.header == "forwarded" else str
        self._prefix = trust.ipv6_prefix
        self._known: dict[str, _Known | None] = {}
        self.trusting = bool(self._callers)
        """Whether there is any trusted caller: a hot path may spare the question otherwise."""

    def caller(self, scope: Mapping[str, Any]) -> Caller:
        """Return who sent the request or opened the WebSocket of `scope`."""
        client = scope.get("client")
        peer = self._of(client[0]) if client else None
        if peer is None:
            # Servers say nothing, or something that is no address, of a peer on a Unix socket.
            return self._through(scope, _NOBODY) if self._unix else _NOBODY
        return self._through(scope, peer.caller) if peer.proxy else peer.caller

    def trusted(self, scope: Mapping[str, Any]) -> bool:
        """Whether who sent the request may set priorities and learn of timings."""
        return self.trusting and self.caller(scope).trusted

    def _through(self, scope: Mapping[str, Any], nearest: Caller) -> Caller:
        """Return who called the proxy `nearest`, as far as trusted proxies say."""
        name, hops = self._header, 0
        for header, value in reversed(scope["headers"]):
            if header != name:
                continue
            for entry in reversed(value.decode("latin-1").rsplit(",", _MOST_HOPS)):
                if not (said := entry.strip(" \t")):
                    continue
                hops += 1
                known = self._of(self._read(said)) if hops <= _MOST_HOPS and len(said) <= _LONGEST else None
                if known is None:
                    # Told in a way that says nothing: all whom this proxy speaks of share its address, and
                    # none of them its rights.
                    return Caller(nearest.address, nearest.group, False)
                nearest = known.caller
                if not known.proxy:
                    return nearest
        return nearest

    def _of(self, text: str) -> _Known | None:
        """Return what is known of an address as written; None where it is none."""
        try:
            return self._known[text]
        except KeyError:
            known = self._look(text)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[text] = known
            return known

    def _look(self, text: str) -> _Known | None:
        node = _NODE.fullmatch(text)
        try:
            # A zone ("%eth0") says which of our interfaces, not who.
            address = ipaddress.ip_address((node[1] or node[2] or node[3]).partition("%")[0] if node else "")
        except ValueError:
            return None
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        shown = group = str(address)
        if isinstance(address, ipaddress.IPv6Address):
            group = str(ipaddress.ip_network((address, self._prefix), strict=False))
        trusted = any(address in network for network in self._callers)
        return _Known(Caller(shown, group, trusted), any(address in network for network in self._proxies))


def _networks(names: Iterable[str]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(name) for name in names)


def _elements(entry: str) -> str:
    """Return the node of one element of a Forwarded header, "" where it names none."""
    if not _ELEMENT.fullmatch(entry):
        return ""
    found = _FOR.search(entry)
    return (found[1] or found[2] or "") if found else ""
