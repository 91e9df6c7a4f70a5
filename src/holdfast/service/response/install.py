"""Finding the routes whose responses the budget speaks of, and preparing each: no other is touched."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.middleware.gzip import GZipMiddleware

from holdfast.budget import Loaded
from holdfast.errors import UsageError
from holdfast.service.cache.home import Home
from holdfast.service.gatekeeper.routes import overlap
from holdfast.service.response.invalidating import Invalidating
from holdfast.service.response.personal import headers_read, personal, telling
from holdfast.service.response.route import Answered, Responses
from holdfast.service.response.shelf import Shelf
from holdfast.service.response.terms import RouteTerms, cache_control
from holdfast.service.tenant import tenant_named

__all__ = ["MARK", "install"]

MARK = "__holdfast_response__"
"""The attribute of a function whose responses the budget speaks of: by which name."""

_SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


def install(app: FastAPI, loaded: Loaded, home: Callable[[str], Home]) -> list[Home]:
    """Prepare every route of `app` that the budget or a decorator names; return the caches that keep some.

    `home` returns a cache of the budget. Raises UsageError for a route that the app does not have, and for
    one whose responses cannot be what the budget says. Routes of apps that are mounted are not seen.
    """
    named = {route: name for name, section in loaded.budget.response.items() for route in section.routes}
    every = iter_route_contexts(app.routes)
    contexts: list[Any] = [context for context in every if isinstance(context.original_route, APIRoute)]
    found: dict[int, tuple[Any, dict[str, Responses]]] = {}
    kept: dict[str, Home] = {}
    makers: list[Any] = [middleware.cls for middleware in app.user_middleware]
    weak = GZipMiddleware in makers
    for context in contexts:
        name, path, route = _name(context, named), context.path_format or "", context.original_route
        if name is None:
            continue
        terms = _terms(context, name, loaded, weak=weak)
        where = None if terms.section.cache is None else home(terms.section.cache)
        if where is not None:
            kept[path] = where
        responses = Responses(route.handle, terms, _shelf(where, terms, loaded))
        found.setdefault(id(route), (route, {}))[1][path] = responses
    if named:
        route_name, name = next(iter(named.items()))
        place = loaded.place_of(("response", name, "routes"))
        raise UsageError(f'the app has no route "{route_name}" of its own', place=place)
    for route, by_path in found.values():
        paths = sum(context.original_route is route for context in contexts)
        route.handle = Answered(route.handle, by_path, paths=paths)
    _invalidate(contexts, kept)
    return list(dict.fromkeys(kept.values()))


def _name(context: Any, named: dict[str, str]) -> str | None:
    """Return by which name the budget speaks of a route, and take it out of `named`."""
    found: str | None = getattr(context.endpoint, MARK, None)
    if "GET" in (context.methods or ()):
        for path in (context.path_format, context.path):
            found = named.pop(f"GET {path}", None) or found
    return found


def _terms(context: Any, name: str, loaded: Loaded, *, weak: bool) -> RouteTerms:
    section, label = loaded.budget.response[name], f"GET {context.path_format}"
    for_one = personal(context.dependant)

    def refuse(key: str, why: str) -> UsageError:
        return UsageError(f"{label} {why}", place=loaded.place_of(("response", name, key)))

    if for_one and section.cache is not None:
        raise refuse("cache", "authenticates or reads cookies: a cache would answer before it does")
    if for_one and section.s_maxage is not None and section.visibility is None:
        raise refuse("s_maxage", 'authenticates or reads cookies: for everybody it is visibility = "public"')
    unknown = _placeholders(section.tags) - set(context.param_convertors)
    if unknown:
        raise refuse("tags", f"has no path parameter {', '.join(sorted(unknown))}")
    varies = {*section.vary, *headers_read(context.dependant)}
    if for_one and section.visibility in (None, "private"):
        varies |= telling(context.dependant)  # two may use one browser, one after the other
    if section.compress:
        varies.add("accept-encoding")
    negative = None if section.cache is None else loaded.budget.cache[section.cache].negative
    return RouteTerms(
        name,
        section,
        cache_control(section, personal=for_one),
        b"" if negative is None else cache_control(section, personal=for_one, max_age=negative),
        ", ".join(sorted(name.title() for name in varies)),
        weak=weak or section.etag == "weak",
        compress=section.compress and not for_one,
    )


def _shelf(home: Home | None, terms: RouteTerms, loaded: Loaded) -> Shelf | None:
    if home is None or home.config is None:
        return None
    said = loaded.budget.cache[home.name].tenant
    return Shelf(home, terms, home.config, None if said == "one" else tenant_named(said))


def _placeholders(tags: Iterable[str]) -> set[str]:
    return {name for tag in tags for _, name, _, _ in string.Formatter().parse(tag) if name}


def _invalidate(contexts: Iterable[Any], kept: Mapping[str, Home]) -> None:
    """Have those routes tell the caches that may change what these keep."""
    changing: dict[int, tuple[Any, dict[Home, None]]] = {}
    for context in contexts:
        if _SAFE.issuperset(context.methods or ()):
            continue
        homes = [home for path, home in kept.items() if overlap(path, context.path_format)]
        if homes:
            route = context.original_route
            changing.setdefault(id(route), (route, {}))[1].update(dict.fromkeys(homes))
    for route, caches in changing.values():
        route.handle = Invalidating(route.handle, tuple(caches))
