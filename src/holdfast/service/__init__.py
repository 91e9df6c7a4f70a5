"""What stands around the app: the gatekeeper, errors, health, the lifespan; `Holdfast` wires them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.service.holdfast import Holdfast
    from holdfast.service.identity import request_id

__all__ = ["Holdfast", "request_id"]


_WHERE = {"Holdfast": "holdfast.service.holdfast", "request_id": "holdfast.service.identity"}
"""Imported when asked for: the supervisor comes through here for health only, and FastAPI is not for it."""


def __getattr__(name: str) -> Any:
    """Import a public name, once."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(_WHERE[name]), name)
    return found
