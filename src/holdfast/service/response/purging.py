"""Taking out by tag what is stored: here, and at a CDN."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence

from holdfast.errors import UsageError
from holdfast.service.cache.home import Home

__all__ = ["OnPurge", "purge"]

OnPurge = Callable[[tuple[str, ...]], Awaitable[None]]
"""Tells a CDN which tags are to go."""

_TAG = re.compile(r"[^\s,]+")


async def purge(tags: Iterable[str], homes: Sequence[Home], hooks: Sequence[OnPurge]) -> None:
    """Take everything that carries one of `tags` out of the caches, in every worker, then tell the hooks.

    All hooks are told, also where one fails; what the first raised is raised then. Raises UsageError for what
    is no tag.
    """
    wanted = tuple(dict.fromkeys(tags))
    for tag in wanted:
        if not _TAG.fullmatch(tag):
            raise UsageError(f'expected a tag without spaces and commas, got "{tag}"', place="hold.purge")
    for home in homes:
        guard = home.here()
        if guard is not None:
            for tag in wanted:
                await guard.delete_tag(tag)
    failed: Exception | None = None
    for hook in hooks:
        try:
            await hook(wanted)
        except Exception as error:  # noqa: BLE001 - raised when the others have been told
            failed = failed or error
    if failed is not None:
        raise failed
