"""HF201: a client or an engine that is made anew for each request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph import value as v
from holdfast.audit.graph.once import memoised
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.graph.sites import Site, sites
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function
from holdfast.audit.source.inside import parts
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_CACHED = frozenset({"lru_cache", "cache", "cached_property", "cached", "alru_cache"})
_RARE = re.compile(
    r"admin|backoffice|oauth|callback|discover|install|validat|test|debug|checkout|billing|setup|webhook|extension|"
    r"ssrf|login|register|provision|upsert|credential|leave|invite|license|api_?key|publication|publish|deploy|"
    r"^DELETE ",
    re.IGNORECASE,
)
"""What is asked for now and then, or of another host each time: kept connections would be cold."""
_HOLDS_NOTHING = frozenset({"aioboto3.Session", "aiobotocore.session.get_session"})
"""Clients by name that open no connection themselves."""
_SHARED = frozenset({"connection_pool", "http_client", "httpx_client", "transport", "connector"})
"""What makes a client a thin cover of connections that are kept elsewhere."""
_ITS_OWN = frozenset(
    {
        *(
            "api_key",
            "token",
            "auth",
            "credentials",
            "base_url",
            "endpoint",
            "azure_endpoint",
            "endpoint_url",
        ),
        *("proxy", "proxies", "cert", "verify", "cookies", "cookie_jar", "aws_access_key_id", "auth_token"),
        *("aws_session_token", "organization", "region_name"),
    }
)
"""What a client is given that makes it a client of one tenant, of one other side, or of one call."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each call that makes a client in a function that serves requests."""
    for key in sorted(whole.reach.edges):
        if whole.reach.entry(key) is None:
            continue
        function = whole.program.function(key)
        clients = [(site, made) for site in sites(function.body) if (made := _made(whole, site, key))]
        if not clients or _kept(whole, key, function):
            continue
        kept = _outliving(function)
        for site, made in clients:
            if id(site.expression) not in kept:
                yield _finding(whole, key, site, *made)


def _made(whole: Whole, site: Site, key: FunctionKey) -> tuple[str, str] | None:
    call = site.expression
    if call[0] != form.CALL or site.entered or any(name in _SHARED for name, _ in call[3]):
        return None
    for one in whole.inference.values(call[1], Place(*key)):
        if one[0] == v.OUTSIDE and (what := whole.library.client(one[1])) and one[1] not in _HOLDS_NOTHING:
            return one[1], what
    return None


def _kept(whole: Whole, key: FunctionKey, function: Function) -> bool:
    """Whether what `key` makes, or one that leads to it, is kept from one request to the next."""
    way = [(whole.program.function(edge.caller), edge) for edge in whole.reach.way(key)]
    return (
        function.name in ("__init__", "lifespan")
        or any(
            _word(one) in _CACHED for each in (function, *(at for at, _ in way)) for one in each.decorators
        )
        or any(id(edge.site.expression) in _outliving(caller) for caller, edge in way)
    )


def _outliving(function: Function) -> frozenset[int]:
    """Return the ids of the calls whose results are kept longer than the call of `function`."""
    return memoised(function, instances=True, keyed=True) | frozenset(map(id, _stored(function)))


def _word(decorator: Expression) -> str:
    target = decorator[1] if decorator[0] == form.CALL else decorator
    return str(target[-1]) if target[0] in (form.NAME, form.ATTR) else ""


def _stored(function: Function) -> Iterator[Expression]:
    """Yield what is assigned to something that outlives the call: a global, an attribute, an item."""
    outer: set[str] = set()
    for statement in statements(function.body):
        if statement[0] == form.GLOBAL:
            outer.update(statement[1])
    for statement in statements(function.body):
        if statement[0] == form.ASSIGN:
            target = statement[1]
            if target[0] in (form.ATTR, form.SUB) or (target[0] == form.NAME and target[1] in outer):
                yield from _inside(statement[2])


def _inside(value: Expression) -> Iterator[Expression]:
    yield value
    if value[0] == form.AWAIT:
        yield value[1]
    elif value[0] in (form.ANY, form.OP):
        yield from value[1]


def _is_rare(whole: Whole, key: FunctionKey) -> bool:
    root = whole.reach.entry(key)
    way = [edge.caller for edge in whole.reach.way(key)]
    names = [whole.program.qualified(one) for one in (*way, key)]
    file = whole.path(key[0]).rpartition("/")[2]
    came = (root.name, whole.path(root.function[0])) if root is not None else ()
    return any(map(_RARE.search, (file, *came, *names)))


def _confidence(whole: Whole, key: FunctionKey, site: Site, what: str) -> Confidence:
    """Low where one for all requests would hardly be used again, or could not be."""
    if what == "client" and (_is_rare(whole, key) or _is_for_one(whole, key, site.expression)):
        return Confidence.LOW
    return Confidence.HIGH


def _is_for_one(whole: Whole, key: FunctionKey, call: Expression) -> bool:
    """Whether a client is made with what only this call of the function knows: a tenant's key, say."""
    scope, function = whole.program.scope(key), whole.program.function(key)
    local = {one.name for one in function.parameters} - {"self", "cls", "settings", "config"}
    return any(
        part[0] == form.NAME and (part[1] in local or (scope.binds(part[1]) and part[1] not in scope.imports))
        for name, value in call[3]
        if name in _ITS_OWN
        for part in parts(value)
    )


def _finding(whole: Whole, key: FunctionKey, site: Site, path: str, what: str) -> Finding:
    root = whole.reach.entry(key)
    steps = [whole.step(edge.caller, edge.site.line) for edge in whole.reach.way(key)]
    loops = " and each turn of a loop" if site.over is not None else ""
    return Finding(
        rule=RULE.code,
        severity=Severity.HIGH if what in ("engine", "pool") else Severity.MEDIUM,
        confidence=_confidence(whole, key, site, what),
        file=whole.path(key[0]),
        line=site.line,
        column=site.column + 1,
        message=f"{path} makes a new {what} for each request{loops}",
        chain=(*steps, whole.step(key, site.line, path)),
        fix=f"Make the {what} once, in the app's lifespan, and share it"
        + (f" ({root.name} uses it)" if root is not None and root.name else ""),
    )


RULE = Rule(
    code="HF201",
    name="client-per-request",
    what="A client, session or engine is made for each request, and its connections with it.",
    why=(
        "Each one opens its own connections: a TCP and a TLS handshake, for a database a login too, before "
        "the first byte of use. Nothing limits how many there are, so that a burst of requests becomes a "
        "burst of connections at the other side."
    ),
    limits=(
        "One that is kept in a global, an attribute, a cache or a memo is taken to be made once. On the way "
        "of what is rarely asked for, such as a login or an installation, and where it is made with a key or "
        "an address of this request's own, it has low confidence."
    ),
    bad="""
import httpx
from fastapi import FastAPI

app = FastAPI()

@app.get("/rates")
async def rates():
    async with httpx.AsyncClient() as client:
        return (await client.get("http://rates")).json()
""",
    good="""
from contextlib import asynccontextmanager
import httpx
from fastapi import FastAPI, Request

@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient() as client:
        yield {"client": client}

app = FastAPI(lifespan=lifespan)

@app.get("/rates")
async def rates(request: Request):
    return (await request.state.client.get("http://rates")).json()
""",
    find=find,
    by_module=True,
)
