"""HF401: a middleware made of BaseHTTPMiddleware."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph import value as v
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.calls import calls
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_BASES = frozenset(
    {"starlette.middleware.base.BaseHTTPMiddleware", "fastapi.middleware.base.BaseHTTPMiddleware"}
)
_APPS = frozenset({"fastapi.FastAPI", "starlette.applications.Starlette", "fastapi.applications.FastAPI"})


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each class that is one, and each function that is made one."""
    for key, one in whole.program.classes():
        if _BASES & set(whole.inference.family.outside_bases(key)):
            yield _finding(whole, key[0], (one.line, 0), f"{one.name} is a BaseHTTPMiddleware")
    for key, function in whole.program.functions():
        place = Place(key[0], function.within, function.owner)
        for decorator in function.decorators:
            if _makes_one(whole, decorator, place):
                message = f"{function.name} is made a BaseHTTPMiddleware"
                yield _finding(whole, key[0], (decorator[4], decorator[5]), message)
        yield from _made(whole, key)
    for number, _ in whole.program.numbered():
        yield from _made(whole, number)


def _made(whole: Whole, where: FunctionKey | int) -> Iterator[Finding]:
    """Yield a finding for each `app.middleware("http")` that is called there."""
    place = Place(*where) if isinstance(where, tuple) else Place(where)
    for site in calls(whole, where, {"middleware"}):
        if _makes_one(whole, site.expression, place):
            yield _finding(whole, place.module, (site.line, site.column), _MADE)


_MADE = "a function is made a BaseHTTPMiddleware"


def _makes_one(whole: Whole, call: Expression, place: Place) -> bool:
    if call[0] != form.CALL or call[1][0] != form.ATTR or call[1][2] != "middleware":
        return False
    if not call[2] or call[2][0] != (form.TEXT, "http"):
        return False
    return any(one[0] == v.MADE and one[1] in _APPS for one in whole.inference.values(call[1][1], place))


def _finding(whole: Whole, module: int, at: tuple[int, int], message: str) -> Finding:
    fix = "Write it as a pure ASGI class: `async def __call__(self, scope, receive, send)`"
    message = f"{message}: about 90 us of CPU for every request"
    # It is the same 90 us for a service with a request a minute: worth knowing, and no more.
    return found(RULE, whole, module, at, message, fix, severity=Severity.LOW, confidence=Confidence.HIGH)


RULE = Rule(
    code="HF401",
    name="base-http-middleware",
    what="A middleware is built on BaseHTTPMiddleware, by inheritance or by `@app.middleware('http')`.",
    why=(
        "It runs the rest of the app in a task of its own and copies every message through a stream: about "
        "90 us a layer, most of what FastAPI itself costs. Context variables set below it do not reach "
        "above, and the client's disconnect is seen late."
    ),
    limits="Says nothing of how often it runs: on a service with little traffic it hardly matters.",
    bad="""
from fastapi import FastAPI

app = FastAPI()

@app.middleware("http")
async def stamp(request, call_next):
    response = await call_next(request)
    response.headers["x-served-by"] = "shop"
    return response
""",
    good="""
from fastapi import FastAPI

class Stamp:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def stamped(message):
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-served-by", b"shop"))
            await send(message)

        await self.app(scope, receive, stamped)

app = FastAPI()
app.add_middleware(Stamp)
""",
    find=find,
    by_module=True,
)
