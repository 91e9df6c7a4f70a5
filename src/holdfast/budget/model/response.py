"""[response.NAME]: what caches are told of the responses of routes, and which of them keeps them here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from holdfast.budget.metadata import Decision, Fact, Option
from holdfast.budget.model.cache import Cache
from holdfast.budget.model.references import AWS_CACHING, RFC_5861, RFC_9111
from holdfast.budget.model.route import Route
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.path import dotted
from holdfast.budget.units import Duration, format_duration

__all__ = ["Response", "check_responses"]

_FIELD = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_TAG = re.compile(r"[!-+\--z|~{}]+")


def _read_only(value: str) -> str:
    if not value.startswith("GET "):
        raise ValueError(f'expected a route with GET, such as "GET /products/{{product_id}}", got "{value}"')
    return value


def _field(value: str) -> str:
    if not _FIELD.fullmatch(value.lower()):
        raise ValueError(f'expected the name of a header, such as "accept-language", got "{value}"')
    return value.lower()


def _tag(value: str) -> str:
    if not _TAG.fullmatch(value):
        raise ValueError(
            f'expected a tag without spaces and commas, such as "product:{{product_id}}", got "{value}"'
        )
    return value


class Response(Section):
    """What caches may do with the responses of some routes: browsers, CDNs, and one of the service's own."""

    routes: Annotated[
        tuple[Annotated[Route, AfterValidator(_read_only)], ...],
        Fact("Routes that it applies to; others name it by `@hold.response(NAME)`."),
    ] = ()
    visibility: Annotated[
        Literal["public", "private", "no-store"] | None,
        Fact(
            "`public`: for everybody, whoever asked. `private`: for the caller's own browser alone; this is "
            "the default of a route that authenticates or reads cookies. `no-store`: for nobody to keep."
        ),
    ] = None
    max_age: Annotated[
        Duration | None,
        Decision(
            "For how long may a browser show it again without asking?",
            "What a browser has, nothing can call back: a mistake stays with the user that long. What has "
            "to be right each time says no_cache instead, and pays with an entity tag instead of a body.",
            "product, with engineering",
            (
                Option("60s", "lists and pages that nobody acts on to the second", AWS_CACHING),
                Option("8760h", "with immutable, for what never changes under its address", RFC_9111),
            ),
            required=("kept",),
        ),
    ] = None
    s_maxage: Annotated[
        Duration | None,
        Decision(
            "And for how long may a shared cache, a CDN or the service's own?",
            "What it has can be purged by tag, so that it may be longer than for browsers. It says at the "
            "same time that the response is for everybody.",
            "product, with engineering",
            (Option("10m", "what is purged when it changes", AWS_CACHING),),
        ),
    ] = None
    stale_while_revalidate: Annotated[
        Duration | None,
        Decision(
            "For how long after that may it be served while it is renewed?",
            "Nobody waits for the renewal, and one caller more sees the old one.",
            "product",
            (Option("30s", "hot pages: the one who comes first does not pay for all", RFC_5861),),
        ),
    ] = None
    stale_if_error: Annotated[
        Duration | None,
        Decision(
            "For how long after that may it be served because renewing it fails?",
            "An old answer, or a failure.",
            "product",
            (Option("1h", "catalogues and articles: an outage of what is behind is bridged", RFC_5861),),
        ),
    ] = None
    immutable: Annotated[
        bool, Fact("It never changes under its address: a browser does not even ask when it is reloaded.")
    ] = False
    no_cache: Annotated[bool, Fact("It may be kept, and is confirmed before each use.")] = False
    must_revalidate: Annotated[bool, Fact("It is never used stale, whatever else fails.")] = False
    vary: Annotated[
        tuple[Annotated[str, AfterValidator(_field)], ...],
        Fact(
            "Headers of the request that it depends on, beside those that the route takes as parameters, "
            "which count by themselves."
        ),
    ] = ()
    tags: Annotated[
        tuple[Annotated[str, AfterValidator(_tag)], ...],
        Fact(
            'What it is purged by, with path parameters filled in: "product:{product_id}". The app adds to '
            "them with a Surrogate-Key or Cache-Tag header of its own."
        ),
    ] = ()
    tag_header: Annotated[
        Literal["surrogate-key", "cache-tag"] | None,
        Fact("The header in which the CDN wants the tags (Fastly and Varnish; Cloudflare and Akamai)."),
    ] = None
    etag: Annotated[
        Literal["strong", "weak", "off"],
        Fact("The entity tag of a response that has none of its own, from its bytes. `strong` by default."),
    ] = "strong"
    compress: Annotated[
        bool,
        Fact("Sent compressed (gzip) to whom it is no secret: see docs/http-caching.md. Off by default."),
    ] = False
    cache: Annotated[
        str | None, Fact("The [cache.NAME] in which the service itself keeps it, for all callers.")
    ] = None

    @property
    def kind(self) -> str:
        """What has to be decided: no time for what nobody keeps, or uses without asking."""
        if self.visibility == "no-store":
            return "no-store"
        return "no-cache" if self.no_cache else "kept"

    @model_validator(mode="after")
    def _possible(self) -> Self:
        shares = [name for name in ("s_maxage", "cache") if getattr(self, name) is not None]
        times = ("max_age", "s_maxage", "stale_while_revalidate", "stale_if_error")
        if self.visibility == "private" and shares:
            raise contradiction(f'what is "private" has no {shares[0]}', "visibility", shares[0])
        if self.visibility == "no-store":
            given = [name for name in (*times, "cache") if getattr(self, name) is not None]
            if given:
                raise contradiction(f"what nobody keeps has no {given[0]}", "visibility", given[0])
        for name in ("stale_while_revalidate", "stale_if_error"):
            seconds = getattr(self, name)
            if seconds and self.must_revalidate:
                text = f"must_revalidate forbids what {name} ({format_duration(seconds)}) permits"
                raise contradiction(text, "must_revalidate", name)
        return self


def check_responses(responses: Mapping[str, Response], caches: Mapping[str, Cache]) -> None:
    """Raise where a route is named twice, or a cache that is none."""
    named: dict[str, str] = {}
    known = ", ".join(caches) or "none"
    for name, section in responses.items():
        if section.cache is not None and section.cache not in caches:
            at = dotted(("response", name, "cache"))
            raise contradiction(f'no cache is named "{section.cache}"; known: {known}', at)
        for route in section.routes:
            other = named.setdefault(route, name)
            if other != name:
                at = dotted(("response", name, "routes"))
                raise contradiction(f'"{route}" is a route of response.{other} already', at)
