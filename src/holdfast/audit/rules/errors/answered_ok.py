"""HF901: a failure that is answered as a success."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from holdfast.audit.finding import Finding
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.rules.calls import calls_in, keyword
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Statement
from holdfast.audit.source.inside import parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_ALL = frozenset({"Exception", "BaseException"})
_FAILED = frozenset({"error", "errors", "exception", "err", "error_message"})
_WORDS = frozenset({"error", "failed", "failure", "fail"})
_RESPONSES = frozenset({"JSONResponse", "ORJSONResponse", "PlainTextResponse", "UJSONResponse"})
_LOGS = frozenset(
    {"exception", "error", "critical", "warning", "warn", "capture_exception", "print_exc", "print"}
)

_HEARD = re.compile(r"log|exception|traceback|report|capture")
_EXPECTED = re.compile(
    r"invalid|not found|must |unsupported|not supported|could not be applied|cannot be", re.IGNORECASE
)
"""In answers to a client that asked for the wrong thing."""
_SIGNS = frozenset({"status", "success", "ok", "error", "code"})
"""Keys that the clients of a service may have agreed to look at, whatever the status."""
_ASKS_WHETHER = re.compile(
    r"(^|_)(test|check|validate|verify|ping|probe|health|healthcheck|status|diagnose)(_|$)"
)
"""In the names of routes whose answer is whether something works."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each blanket handler that answers 200, for the routes of a module that do, and for
    each middleware that drops errors."""
    for key in sorted(set(_blanket(whole))):
        for statement in statements(whole.program.function(key).body):
            if statement[0] == form.RETURN and _is_ok(statement[1]):
                yield _answered(whole, [(key, statement[2])], "the handler of every exception")
    yield from _in_routes(whole)
    for root in whole.roots:
        for tried, handler in _handlers(whole, root.function) if root.kind == "middleware" else ():
            if _passes_on(whole, root.function, tried) and _drops(handler[2], handler[1]):
                yield found(RULE, whole, root.function, (handler[3], 0), _DROPPED, _LOG)


def _in_routes(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for the routes of each module that answer so: they are of one mind."""
    answers: dict[int, dict[FunctionKey, int]] = defaultdict(dict)
    for root in whole.roots:
        if root.kind != "route" or _ASKS_WHETHER.search(whole.program.function(root.function).name):
            continue
        for _, handler in _handlers(whole, root.function):
            for one in handler[2]:
                if (
                    one[0] == form.RETURN
                    and _says_failed(one[1])
                    and _is_unheard(whole, root.function, handler)
                ):
                    answers[root.function[0]].setdefault(root.function, one[2])
    for places in answers.values():
        others = f" and {len(places) - 1} others of this file," if len(places) > 1 else ","
        yield _answered(whole, list(places.items()), f"this route{others} for every exception,")


_DROPPED = "every exception of every route ends here without a log: nobody can say what failed"
_LOG = "Log it with its traceback (`logger.exception`), or let it pass to the server, which does"


def _blanket(whole: Whole) -> Iterator[FunctionKey]:
    """Yield the functions that are made the handler of `Exception`."""
    for root in whole.roots:
        if root.kind != "handler":
            continue
        for decorator in whole.program.function(root.function).decorators:
            if decorator[0] != form.CALL or word(decorator[1]) != "exception_handler" or not decorator[2]:
                continue
            if word(decorator[2][0]) in _ALL or decorator[2][0] == (form.NUMBER, 500):
                yield root.function


def _handlers(whole: Whole, key: FunctionKey) -> Iterator[tuple[Statement, Expression]]:
    """Yield each `try` of a function with its `except Exception`, which is types, name, body and line."""
    for statement in statements(whole.program.function(key).body):
        if statement[0] == form.TRY:
            for handler in statement[2]:
                if handler[0] is None or word(handler[0]) in _ALL:
                    yield statement, handler


def _passes_on(whole: Whole, key: FunctionKey, tried: Statement) -> bool:
    """Whether a `try` of a middleware goes around the routes: it calls what it was given, or its `app`."""
    given = {one.name for one in whole.program.function(key).parameters}
    return any(
        word(call[1]) == "app" or (call[1][0] == form.NAME and call[1][1] in given)
        for call in calls_in(tried[1])
    )


def _is_unheard(whole: Whole, key: FunctionKey, handler: Expression) -> bool:
    """Whether nobody hears of a failure: no log, and no sign that clients of this route look for."""
    answered = {
        name
        for statement in statements(whole.program.function(key).body)
        if statement[0] == form.RETURN and statement not in handler[2]
        for name in _names(statement[1])
    }
    told = {name for one in handler[2] if one[0] == form.RETURN for name in _names(one[1])}
    return not (answered & told & _SIGNS and _is_told(handler[2], handler[1]))


def _names(value: Expression) -> set[str]:
    """Return the keys of an answer."""
    return {
        str(key[1]).lower()
        for part in parts(value)
        if part[0] == form.DICT
        for key in part[1]
        if key[0] == form.TEXT
    }


def _says_failed(value: Expression) -> bool:
    """Whether an answer names an error, and its status says that all is well."""
    if value[0] == form.CALL and _is_ok(value):
        value = keyword(value, "content") or (value[2][0] if value[2] else value)
    if value[0] != form.DICT or any(
        part[0] == form.TEXT and _EXPECTED.search(part[1]) for part in parts(value)
    ):
        return False
    for key, held in zip(value[1], value[2], strict=True):
        name = str(key[1]).lower() if key[0] == form.TEXT else ""
        if name in _FAILED or (name in ("success", "ok") and held == (form.CONST, False)):
            return True
        if name == "status" and held[0] == form.TEXT and held[1].lower() in _WORDS:
            return True
    return False


def _is_ok(value: Expression) -> bool:
    """Whether a response is made without a status, or with 200."""
    if value[0] != form.CALL or word(value[1]) not in _RESPONSES:
        return False
    if any(name is None for name, _ in value[3]) or len(value[2]) > 1:
        return False
    status = keyword(value, "status_code")
    return status is None or status == (form.NUMBER, 200) or word(status) == "HTTP_200_OK"


def _drops(body: tuple[Statement, ...], name: str | None) -> bool:
    """Whether a handler answers, and neither raises nor logs nor hands the error to something that may."""
    kinds = {one[0] for one in statements(body)}
    return form.RETURN in kinds and form.RAISE not in kinds and not _is_told(body, name)


def _is_told(body: tuple[Statement, ...], name: str | None) -> bool:
    """Whether a handler logs, or hands the error to something that may."""
    for call in calls_in(body):
        called = {word(part).lower() for part in parts(call[1])}
        if called & _LOGS or any(_HEARD.search(one) for one in called) or (form.NAME, name) in call[2]:
            return True
    return False


def _answered(whole: Whole, places: list[tuple[FunctionKey, int]], who: str) -> Finding:
    key, line = places[0]
    steps = tuple(whole.step(other, at) for other, at in places[1:])
    return found(
        RULE,
        whole,
        key,
        (line, 0),
        f"{who} answers 200: clients, proxies, retries and alerts take the failure for a success",
        "Answer with the status that it is (500, 502, 503), or let the exception pass",
        chain=(*whole.chain(key, line), *steps),
    )


RULE = Rule(
    code="HF901",
    name="error-answered-ok",
    what="Every exception is answered with status 200, or dropped by a middleware without a log.",
    why=(
        "Whoever measures by status sees a service that never fails: alerts, load balancers, circuit "
        "breakers, retries and caches. A client that does not look into the body works on with nothing."
    ),
    limits=(
        "Of a route only answers that name an error are told, in a dict that is written in the handler; not "
        "of one that asks whether something works, and not where it is logged and the route's other answers "
        "have the same sign. What a handler of `Exception` drops is logged by the server, and not told."
    ),
    bad="""
from fastapi import FastAPI
from fastapi.responses import JSONResponse

app = FastAPI()

@app.exception_handler(Exception)
async def failed(request, error):
    return JSONResponse({"error": str(error)})
""",
    good="""
from fastapi import FastAPI
from fastapi.responses import JSONResponse

app = FastAPI()

@app.exception_handler(Exception)
async def failed(request, error):
    return JSONResponse({"error": "internal"}, status_code=500)
""",
    find=find,
    by_module=True,
)
