"""[trust]: whose word counts: proxies that say who called, and callers that may ask for more than others."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from holdfast.budget.metadata import Fact, Mechanism
from holdfast.budget.model.references import RFC_6177
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Count

__all__ = ["UNIX", "Trust"]

UNIX = "unix"
"""In `proxies`: a peer without an address, which has connected through a Unix socket."""


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        pass
    try:
        meant = str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        meant = "10.0.0.0/8"
    raise ValueError(f'expected a network or an address, such as "{meant}", got "{value}"')


def _proxy(value: str) -> str:
    return value if value == UNIX else _network(value)


class Trust(Section):
    """Whose word counts: proxies that say who called, and callers that may ask for more than others."""

    proxies: Annotated[
        tuple[Annotated[str, AfterValidator(_proxy)], ...],
        Fact(
            "Networks of the proxies in front, whose header says who called; `unix` is a Unix socket. Nobody "
            "else is believed, and without any the peer of the connection is the client."
        ),
    ] = ()
    header: Annotated[
        Literal["x-forwarded-for", "forwarded"],
        Fact(
            "The one header in which they say it, `x-forwarded-for` (by default) or `forwarded` (RFC 7239). "
            "The other is not read: a proxy passes on what it does not write."
        ),
    ] = "x-forwarded-for"
    callers: Annotated[
        tuple[Annotated[str, AfterValidator(_network)], ...],
        Fact("Networks of clients that may set their priority by header and learn of Server-Timing."),
    ] = ()
    ipv6_prefix: Annotated[
        Count,
        Mechanism("Bits of an IPv6 address that name one client: it has all addresses below.", RFC_6177),
    ] = 64

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.ipv6_prefix > 128:
            raise contradiction(
                f"ipv6_prefix is {self.ipv6_prefix}, and an address has 128 bits", "ipv6_prefix"
            )
        for key in ("proxies", "callers"):
            everybody = [net for net in getattr(self, key) if net.endswith("/0")]
            if everybody:
                message = f'{key} holds "{everybody[0]}": then everybody is believed; name the networks'
                raise contradiction(message, key)
        return self
