"""What a caller asks of the door in the head of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from holdfast.policy.deadline.header import parse_grpc_timeout, parse_request_timeout
from holdfast.policy.retry import layer
from holdfast.service.identity import HEADER

__all__ = ["NAMES", "Wishes", "read"]

_REQUEST_TIMEOUT = b"x-request-timeout"
_GRPC_TIMEOUT = b"grpc-timeout"
_ATTEMPT = layer.HEADER.encode("ascii")

NAMES = frozenset((HEADER, _REQUEST_TIMEOUT, _GRPC_TIMEOUT, _ATTEMPT))
"""The headers that are read; a request without any of them asks for nothing."""


class Wishes(NamedTuple):
    """`timeout`: the seconds that the caller is prepared to wait. `attempt`: of a caller who retries, nothing
    below retries too."""

    request_id: bytes | None
    timeout: float | None
    attempt: int


def read(headers: Mapping[bytes, bytes]) -> Wishes:
    """Return what `headers` ask for."""
    timeout = parse_request_timeout(headers.get(_REQUEST_TIMEOUT, b""))
    if timeout is None:
        timeout = parse_grpc_timeout(headers.get(_GRPC_TIMEOUT, b""))
    attempt = headers.get(_ATTEMPT, b"")
    number = int(attempt) if attempt.isdigit() and len(attempt) < 4 else 1
    return Wishes(headers.get(HEADER), timeout, number)
