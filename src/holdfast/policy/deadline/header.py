"""How callers say, and are told, how much time there is.

A header is a wish of the other side: what cannot be understood is ignored (None), never an error.
"""

from __future__ import annotations

import re

__all__ = ["parse_grpc_timeout", "parse_request_timeout", "render_request_timeout"]

_REQUEST_TIMEOUT = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*(us|ms|s|m|h)?\s*", re.ASCII)
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}

# TimeoutValue is at most 8 digits, TimeoutUnit one letter:
# https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
_GRPC_TIMEOUT = re.compile(r"(\d{1,8})([HMSmun])", re.ASCII)
_GRPC_SECONDS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}


def parse_request_timeout(value: str | bytes) -> float | None:
    """Return the seconds of an X-Request-Timeout: "2", "1.5", "500ms", "2s"; None if malformed."""
    match = _REQUEST_TIMEOUT.fullmatch(_text(value))
    return None if match is None else float(match[1]) * _SECONDS[match[2]]


def parse_grpc_timeout(value: str | bytes) -> float | None:
    """Return the seconds of a grpc-timeout: "100m" is 0.1; None if malformed."""
    match = _GRPC_TIMEOUT.fullmatch(_text(value))
    return None if match is None else int(match[1]) * _GRPC_SECONDS[match[2]]


def render_request_timeout(seconds: float) -> str:
    """Return `seconds` as the value of an X-Request-Timeout, to the millisecond, rounded down."""
    return f"{max(0, int(seconds * 1000)) / 1000:.3f}"


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
