"""HF401: a middleware made of BaseHTTPMiddleware."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph import value as v
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.calls import calls
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_BASES = frozenset(
    {"starlette.middleware.base.BaseHTTPMiddleware", "fastapi.middleware.base.BaseHTTPMiddleware"}
)
_MANY = 3
"""Layers around each other that cost more than all the rest of FastAPI."""

_Layer: TypeAlias = tuple[int, int, str]
"""Line, column, and the name of a function that is made one."""

_APPS = frozenset({"fastapi.FastAPI", "starlette.applications.Starlette", "fastapi.applications.FastAPI"})


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each class that is one, and for the functions that a module makes one."""
    for key, one in whole.program.classes():
        if _BASES & set(whole.inference.family.outside_bases(key)):
            yield _finding(whole, key[0], (one.line, 0), f"{one.name} is a BaseHTTPMiddleware")
    for number, module in whole.program.numbered():
        places: list[FunctionKey | int] = [number, *((number, one.index) for one in module.functions)]
        layers = sorted(layer for where in places for layer in _layers(whole, where))
        if len(layers) >= _MANY:
            yield _stacked(whole, number, layers)
            continue
        for line, column, made in layers:
            if made:
                yield _finding(whole, number, (line, column), f"{made} is made a BaseHTTPMiddleware")


def _layers(whole: Whole, where: FunctionKey | int) -> Iterator[_Layer]:
    """Yield what is put around an app there: a function by its name, a class, told where it stands, by ""."""
    place = Place(*where) if isinstance(where, tuple) else Place(where)
    if isinstance(where, tuple):
        function = whole.program.function(where)
        outside = Place(where[0], function.within, function.owner)
        for decorator in function.decorators:
            if _makes_one(whole, decorator, outside):
                yield decorator[4], decorator[5], function.name
    for site in calls(whole, where, {"middleware", "add_middleware"}):
        call = site.expression
        if _makes_one(whole, call, place):
            yield site.line, site.column, "a function"
        elif word(call[1]) == "add_middleware" and call[2] and _is_one(whole, call[2][0], place):
            yield site.line, site.column, ""


def _is_one(whole: Whole, given: Expression, place: Place) -> bool:
    classes = (one for one in whole.inference.values(given, place) if one[0] == v.CLASS)
    return any(_BASES & set(whole.inference.family.outside_bases((one[1], one[2]))) for one in classes)


def _makes_one(whole: Whole, call: Expression, place: Place) -> bool:
    if call[0] != form.CALL or call[1][0] != form.ATTR or call[1][2] != "middleware":
        return False
    if not call[2] or call[2][0] != (form.TEXT, "http"):
        return False
    return any(one[0] == v.MADE and one[1] in _APPS for one in whole.inference.values(call[1][1], place))


_FIX = "Write it as a pure ASGI class: `async def __call__(self, scope, receive, send)`"


def _finding(whole: Whole, module: int, at: tuple[int, int], message: str) -> Finding:
    """One layer alone: few services notice it."""
    message = f"{message}: about 90 us of CPU for every request"
    return found(RULE, whole, module, at, message, _FIX, severity=Severity.LOW, confidence=Confidence.LOW)


def _stacked(whole: Whole, module: int, layers: Sequence[_Layer]) -> Finding:
    lines = ", ".join(str(line) for line, _, _ in layers[1:])
    message = (
        f"{len(layers)} BaseHTTPMiddleware lie around each other (lines {lines} too): about "
        f"{90 * len(layers)} us of CPU for every request"
    )
    at = layers[0][:2]
    return found(RULE, whole, module, at, message, _FIX, severity=Severity.LOW, confidence=Confidence.HIGH)


RULE = Rule(
    code="HF401",
    name="base-http-middleware",
    what="A middleware is built on BaseHTTPMiddleware, by inheritance or by `@app.middleware('http')`.",
    why=(
        "It runs the rest of the app in a task of its own and copies every message through a stream: about "
        "90 us a layer, most of what FastAPI itself costs. Context variables set below it do not reach "
        "above, and the client's disconnect is seen late."
    ),
    limits=(
        "Says nothing of how often it runs: on a service with little traffic it hardly matters. Fewer than "
        "three in a module have low confidence."
    ),
    bad="""
from time import perf_counter
from fastapi import FastAPI

app = FastAPI()

@app.middleware("http")
async def stamp(request, call_next):
    response = await call_next(request)
    response.headers["x-served-by"] = "shop"
    return response

@app.middleware("http")
async def timed(request, call_next):
    began = perf_counter()
    response = await call_next(request)
    response.headers["server-timing"] = f"app;dur={1000 * (perf_counter() - began)}"
    return response

@app.middleware("http")
async def uncached(request, call_next):
    response = await call_next(request)
    response.headers["cache-control"] = "no-store"
    return response
""",
    good="""
from time import perf_counter
from fastapi import FastAPI

class Stamp:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        began = perf_counter()

        async def stamped(message):
            if message["type"] == "http.response.start":
                took = f"app;dur={1000 * (perf_counter() - began)}"
                message["headers"].append((b"x-served-by", b"shop"))
                message["headers"].append((b"server-timing", took.encode()))
                message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        await self.app(scope, receive, stamped)

app = FastAPI()
app.add_middleware(Stamp)
""",
    find=find,
    by_module=True,
)
