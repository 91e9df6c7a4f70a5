"""What the budget says of one route's responses, as it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from holdfast.budget.model.response import Response

__all__ = ["RouteTerms", "cache_control"]


@dataclass(frozen=True, slots=True)
class RouteTerms:
    """`cache_control`: of what the route answers; b"" where the number for it is missing. `absent`: of a 404
    or 410, b"" where such an answer is not kept. `vary`: what it depends on, as the header says it. `weak`:
    the bytes that are sent may be others than those that are seen here."""

    name: str
    section: Response
    cache_control: bytes
    absent: bytes
    vary: str
    weak: bool
    compress: bool

    def tags(self, path_params: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the tags of one response: what is filled in has no spaces and commas."""
        filled = {name: quote(str(value), safe=":/@+~!$*'()") for name, value in path_params.items()}
        return tuple(tag.format_map(filled) for tag in self.section.tags)


def cache_control(section: Response, *, personal: bool, max_age: float | None = None) -> bytes:
    """Return the header; b"" where no time was decided. `max_age`: instead of those of the section.

    `personal`: the route authenticates or reads cookies, so that its answers are nobody else's by default.
    """
    said: list[str] = [section.visibility or ("private" if personal else "")]
    if section.visibility == "no-store":
        return b"no-store"
    if max_age is not None:
        said.append(f"max-age={int(max_age)}")
        return ", ".join(filter(None, said)).encode()
    if section.max_age is None and not section.no_cache:
        return b""
    for name in ("max_age", "s_maxage", "stale_while_revalidate", "stale_if_error"):
        seconds = getattr(section, name)
        if seconds is not None:
            said.append(f"{_word(name)}={int(seconds)}")
    said += [_word(name) for name in ("immutable", "no_cache", "must_revalidate") if getattr(section, name)]
    return ", ".join(filter(None, said)).encode()


def _word(name: str) -> str:
    return name.replace("_", "-")
