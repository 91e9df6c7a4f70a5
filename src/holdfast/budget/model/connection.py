"""[connection]: how long the service waits for whoever is at the other end, and for how much."""

from __future__ import annotations

from typing import Annotated

from holdfast.budget.metadata import Fact, Mechanism
from holdfast.budget.model.mode import ModeName
from holdfast.budget.model.references import (
    APACHE_REQTIMEOUT,
    H11_LIMITS,
    HAPROXY_BUFFER,
    MOD_QOS,
    NGINX_CORE,
)
from holdfast.budget.model.section import Section
from holdfast.budget.units import Bytes, Duration, Ratio

__all__ = ["Connection"]


class Connection(Section):
    """How long a client may take; under `holdfast serve`, on HTTP/1 by Gunicorn or Uvicorn.

    `body_ahead` and `body_share` hold under every server.
    """

    mode: Annotated[
        ModeName,
        Fact(
            "How far it goes: `observe` waits for everybody and counts whom it would have given up; `off` "
            "waits for everybody."
        ),
    ] = "enforce"
    header_timeout: Annotated[
        Duration,
        Mechanism(
            "How long a client may take to send the head of a request, from connecting or its first byte on.",
            APACHE_REQTIMEOUT,
        ),
    ] = 20.0
    header_bytes: Annotated[Bytes, Mechanism("How large the head of a request may be.", H11_LIMITS)] = 65536
    body_timeout: Annotated[
        Duration, Mechanism("How long a body may take, before its pace counts.", APACHE_REQTIMEOUT)
    ] = 20.0
    body_pace: Annotated[
        Bytes,
        Mechanism(
            "Bytes of a body by which a second is added to `body_timeout`: how slow a client may be in the "
            "long run.",
            APACHE_REQTIMEOUT,
        ),
    ] = 500
    body_ahead: Annotated[
        Bytes,
        Mechanism(
            "How much of a body is waited for before its request takes a place: a smaller one is waited for "
            "whole.",
            HAPROXY_BUFFER,
        ),
    ] = 65536
    body_share: Annotated[
        Ratio,
        Mechanism(
            "The share of the places that requests may hold while their client does not go on with the body.",
            MOD_QOS,
        ),
    ] = 0.5
    send_timeout: Annotated[
        Duration, Mechanism("How long a client may take nothing of an answer that waits for it.", NGINX_CORE)
    ] = 60.0
