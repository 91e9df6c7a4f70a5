"""A FastAPI service that holds its SLO under load and failure - and the proof.

from holdfast import Holdfast

hold = Holdfast(app)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast import errors
from holdfast.version import __version__

if TYPE_CHECKING:
    from holdfast import deadline
    from holdfast.budget import Budget
    from holdfast.loop.offload.threads import to_thread
    from holdfast.policy.deadline import remaining
    from holdfast.service import Holdfast, request_id

__all__ = [
    "Budget",
    "Holdfast",
    "__version__",
    "deadline",
    "errors",
    "remaining",
    "request_id",
    "to_thread",
]

_WHERE = {
    "Budget": "holdfast.budget",
    "Holdfast": "holdfast.service",
    "deadline": "holdfast.deadline",
    "remaining": "holdfast.policy.deadline",
    "request_id": "holdfast.service",
    "to_thread": "holdfast.loop.offload.threads",
}
"""Imported when asked for: the command line comes through here too, and must answer a Ctrl-C at once."""


def __getattr__(name: str) -> Any:
    """Import a public name, once."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(_WHERE[name])
    found = globals()[name] = module if module.__name__ == f"{__name__}.{name}" else getattr(module, name)
    return found


def __dir__() -> list[str]:
    """Name what is not imported yet as well."""
    return sorted({*globals(), *__all__})
