"""404 and 410 are answers: they can be remembered, and an older answer does not stand in for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException

from holdfast.policy.cache import Absence

__all__ = ["answered", "raised"]

_ABSENT = (404, 410)


async def answered(call: Callable[[], Awaitable[Any]]) -> Any:
    """Return what `call` returns, or an Absence for an HTTPException that says there is nothing."""
    try:
        return await call()
    except HTTPException as error:
        if error.status_code not in _ABSENT:
            raise
        return Absence(error.status_code, error.detail)


def raised(absence: Absence) -> HTTPException:
    """Return the exception that says so again."""
    from fastapi import HTTPException as Raised  # the one that apps handle

    return Raised(absence.status, absence.detail)
