"""Where the event loop enters the program: routes, dependencies, middleware, validators, and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from holdfast.audit.graph import value as v
from holdfast.audit.graph.infer import Inference
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import ClassKey, FunctionKey, Program, statements
from holdfast.audit.graph.sites import sites
from holdfast.audit.source import form
from holdfast.audit.source.form import Class, Expression, Function
from holdfast.audit.source.inside import word

__all__ = ["TASK", "Root", "roots"]

TASK = "task"
"""The kind of what a service does by itself, over and over, beside its requests."""

_VERBS = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "options", "trace", "route", "api_route"}
)
_ROUTERS = ("fastapi.FastAPI", "fastapi.APIRouter", "fastapi.routing.APIRouter", "starlette.")
_ROUTER_CLASSES = (".APIRouter", ".FastAPI")
"""A class of a package that was not read, which says by its name what it is."""
_ROUTER_NAMES = frozenset({"app", "router", "api", "api_router", "application"})
_PROVIDERS = frozenset({"fastapi.Depends", "fastapi.Security"})
_VALIDATORS = frozenset({"field_validator", "validator", "model_validator", "root_validator"})
_IN_TYPES = frozenset(
    f"{module}.{name}"
    for module in ("pydantic", "pydantic.functional_validators")
    for name in ("AfterValidator", "BeforeValidator", "PlainValidator", "WrapValidator")
)
_MIDDLEWARE = ("BaseHTTPMiddleware",)
_ASGI = ("scope", "receive", "send")
_HANDLERS = (
    *("strawberry.", "socketio.AsyncServer.", "fastmcp.FastMCP.", "mcp.server.FastMCP."),
    *("mcp.server.fastmcp.FastMCP.", "mcp.server.fastmcp.server.FastMCP.", "mcp.server.Server."),
)
"""Beginnings of decorators whose functions a library runs on the loop of the app that it is part of."""
_METHODS = {
    "starlette.authentication.AuthenticationBackend": ("middleware", ("authenticate",)),
    "starlette.endpoints.HTTPEndpoint": ("route", ("get", "post", "put", "patch", "delete", "head")),
    "starlette.endpoints.WebSocketEndpoint": ("websocket", ("on_connect", "on_receive", "on_disconnect")),
}
"""Classes whose methods a library runs for requests: the kind of root, and the methods."""
_STARTS = re.compile(
    r"(_?on_)?(lifespan|startup|start|init|initiali[sz]e|bootstrap|run|setup|connect|schedule)(_|$)"
    r"|.+_(lifespan|startup|start|event)$|__init__$|__aenter__$"
)
"""Names of functions that start what a service does by itself."""
_SPAWNS = frozenset({"create_task", "ensure_future"})


@dataclass(frozen=True, slots=True)
class Root:
    """`kind`: "route", "dependency", "middleware", "handler", "websocket", "validator", "task". `name`: as
    "GET /orders"; "" where it has none. `on_loop`: whether it runs on the event loop, and not in a thread."""

    function: FunctionKey
    kind: str
    name: str
    on_loop: bool


def roots(program: Program, inference: Inference) -> Iterator[Root]:
    """Yield all roots of the program, module by module."""
    for number in range(len(program.modules)):
        for root in inference.kept.ask(number, "roots", _kept, program, inference, number):
            yield Root(*root)


_Plain: TypeAlias = tuple[FunctionKey, str, str, bool]


def _kept(program: Program, inference: Inference, number: int) -> tuple[_Plain, ...]:
    inference.reads(number, inside=True)
    found = dict.fromkeys(_of_module(program, inference, number))
    return tuple((one.function, one.kind, one.name, one.on_loop) for one in found)


def _of_module(program: Program, inference: Inference, number: int) -> Iterator[Root]:
    module = program.modules[number]
    for function in module.functions:
        yield from _decorated(program, inference, (number, function.index), function)
        place = Place(number, function.within, function.owner)
        for parameter in function.parameters:
            for expression in (parameter.annotation, parameter.default):
                if expression is not None:
                    yield from _depends(program, inference, expression, place)
    yield from _in_body(program, inference, module.body, Place(number))
    for function in module.functions:
        yield from _in_body(program, inference, function.body, Place(number, function.index))
        if _STARTS.match(function.name):
            yield from _started(program, inference, (number, function.index), function)
    for found in module.classes:
        yield from _methods(program, inference, (number, found.index), found)
        if any(base[-1] in _MIDDLEWARE for base in found.bases if base[0] in (form.NAME, form.ATTR)):
            for name in ("dispatch", "__call__"):
                if name in found.functions:
                    yield Root((number, found.functions[name]), "middleware", found.name, True)


def _started(program: Program, inference: Inference, key: FunctionKey, function: Function) -> Iterator[Root]:
    """Yield what a function starts as a task and leaves turning: a coroutine with a `while`."""
    for site in sites(function.body):
        call = site.expression
        if call[0] != form.CALL or word(call[1]) not in _SPAWNS or not call[2] or call[2][0][0] != form.CALL:
            continue
        for each in _functions(inference, call[2][0][1], Place(*key)):
            turning = program.function(each)
            inference.reads(each[0], inside=True)
            if turning.asynchronous and any(one[0] == form.WHILE for one in statements(turning.body)):
                yield Root(each, TASK, f"{program.qualified(each)} (task)", True)


def _methods(program: Program, inference: Inference, key: ClassKey, found: Class) -> Iterator[Root]:
    """Yield the methods that a library calls for requests: of an ASGI app, and of classes made for that."""
    called = found.functions.get("__call__")
    if called is not None:
        function = program.function((key[0], called))
        if function.asynchronous and tuple(one.name for one in function.parameters[1:]) == _ASGI:
            yield Root((key[0], called), "middleware", found.name, True)
    for path in inference.family.outside_bases(key) if found.bases else ():
        kind, names = _METHODS.get(path, ("", ()))
        for name in names:
            if name in found.functions:
                method = (key[0], found.functions[name])
                on_loop = kind != "route" or program.function(method).asynchronous
                yield Root(method, kind, program.qualified(method), on_loop)


def _decorated(
    program: Program, inference: Inference, key: FunctionKey, function: Function
) -> Iterator[Root]:
    place = Place(key[0], function.within, function.owner)
    for decorator in function.decorators:
        call = decorator if decorator[0] == form.CALL else None
        target = call[1] if call is not None else decorator
        if call is not None:
            yield from _handed_on(inference, key, function, call, place)
        if target[0] == form.NAME and target[1] in _VALIDATORS and function.owner is not None:
            yield Root(key, "validator", program.qualified(key), True)
        named = inference.values(target, place)
        if any(one[0] == v.OUTSIDE and one[1].startswith(_HANDLERS) for one in named):
            yield Root(key, "listener", program.qualified(key), True)
        if target[0] != form.ATTR or call is None:
            continue
        verb = target[2]
        if verb in _VERBS and _is_router(inference, target[1], place):
            path = _first_text(call)
            yield Root(key, "route", f"{verb.upper()} {path}".strip(), function.asynchronous)
            for name, value in call[3]:
                if name == "dependencies":
                    yield from _depends(program, inference, value, place)
        elif verb == "websocket" and _is_router(inference, target[1], place):
            yield Root(key, "websocket", f"WS {_first_text(call)}".strip(), True)
        elif verb == "middleware" and _is_router(inference, target[1], place):
            yield Root(key, "middleware", function.name, True)
        elif verb == "exception_handler" and _is_router(inference, target[1], place):
            yield Root(key, "handler", function.name, function.asynchronous)


def _handed_on(
    inference: Inference, key: FunctionKey, function: Function, call: Expression, place: Place
) -> Iterator[Root]:
    """Yield the route of a decorator that is given a router's own: `@protected(router.get, "/orders")`."""
    for given in call[2][:1]:
        if given[0] == form.ATTR and given[2] in _VERBS and _is_router(inference, given[1], place):
            path = next((one[1] for one in call[2][1:] if one[0] == form.TEXT), "")
            yield Root(key, "route", f"{given[2].upper()} {path}".strip(), function.asynchronous)


def _is_router(inference: Inference, expression: Expression, place: Place) -> bool:
    values = inference.values(expression, place)
    made = [one for one in values if one[0] == v.MADE]
    if any(one[1].startswith(_ROUTERS) or one[1].endswith(_ROUTER_CLASSES) for one in made):
        return True
    for one in values:
        if one[0] == v.OBJECT:
            outside = inference.family.outside_bases((one[1], one[2]))
            if any(path.startswith(_ROUTERS) for path in outside):
                return True
    if values:
        return False
    return expression[-1] in _ROUTER_NAMES


def _first_text(call: Expression) -> str:
    given = [*call[2], *(value for name, value in call[3] if name == "path")]
    return given[0][1] if given and given[0][0] == form.TEXT else ""


def _depends(program: Program, inference: Inference, expression: Expression, place: Place) -> Iterator[Root]:
    tag = expression[0]
    if tag == form.CALL:
        callees = inference.values(expression[1], place)
        if any(one[0] == v.OUTSIDE and one[1] in _IN_TYPES for one in callees) and expression[2]:
            # The body of a request is validated on the loop, for `def` routes too.
            for key in _functions(inference, expression[2][0], place):
                yield Root(key, "validator", program.qualified(key), True)
        if any(one[0] == v.OUTSIDE and one[1] in _PROVIDERS for one in callees):
            given = [*expression[2], *(value for name, value in expression[3] if name == "dependency")]
            for one in inference.values(given[0], place) if given else ():
                yield from _provider(program, inference, one)
        return
    if tag == form.SUB:
        yield from _depends(program, inference, expression[2], place)
    elif tag == form.SEQ:
        for one in expression[2]:
            yield from _depends(program, inference, one, place)
    elif tag == form.OR:
        yield from _depends(program, inference, expression[1], place)
        yield from _depends(program, inference, expression[2], place)


def _provider(program: Program, inference: Inference, one: v.Value) -> Iterator[Root]:
    if one[0] in (v.FUNCTION, v.BOUND):
        key = (one[-2], one[-1])
        function = program.function(key)
        yield Root(key, "dependency", program.qualified(key), function.asynchronous)
    elif one[0] == v.OBJECT:
        for each in inference.members.member(one, "__call__"):
            if each[0] == v.BOUND:
                yield from _provider(program, inference, each)


def _in_body(program: Program, inference: Inference, body: object, place: Place) -> Iterator[Root]:
    for statement in statements(body):  # type: ignore[arg-type]
        tag = statement[0]
        if tag == form.ASSIGN and statement[2][0] == form.SUB:
            yield from _depends(program, inference, statement[2], place)
        value = statement[2] if tag == form.ASSIGN else statement[1] if tag == form.DO else None
        if value is None or value[0] != form.CALL:
            continue
        func = value[1]
        named = word(func)
        if named in ("add_api_route", "add_route") and func[0] == form.ATTR:
            if len(value[2]) > 1 or any(name == "endpoint" for name, _ in value[3]):
                endpoint = value[2][1] if len(value[2]) > 1 else dict(value[3])["endpoint"]
                name = f"{_verb(value)} {_first_text(value)}".strip()
                yield from _endpoints(program, inference, endpoint, place, name)
        elif func[0] == form.CALL and value[2] and func[1][0] == form.ATTR and func[1][2] in _VERBS:
            if _is_router(
                inference, func[1][1], place
            ):  # a decorator, called: `router.get("/orders")(orders)`
                name = f"{func[1][2].upper()} {_first_text(func)}".strip()
                yield from _endpoints(program, inference, value[2][0], place, name)
        elif named == "add_api_websocket_route" and len(value[2]) > 1:
            for key in _functions(inference, value[2][1], place):
                yield Root(key, "websocket", f"WS {_first_text(value)}", True)
        elif named == "add_middleware" and value[2]:
            for one in inference.values(value[2][0], place):
                if one[0] == v.CLASS:
                    for name in ("__call__", "dispatch"):
                        for each in inference.members.member((v.OBJECT, one[1], one[2]), name):
                            if each[0] == v.BOUND:
                                yield Root((each[2], each[3]), "middleware", name, True)
        elif named == "add_exception_handler" and len(value[2]) > 1:
            for key in _functions(inference, value[2][1], place):
                yield Root(key, "handler", "", program.function(key).asynchronous)
        for name, given in value[3]:
            if name == "dependencies":
                yield from _depends(program, inference, given, place)


def _verb(call: Expression) -> str:
    """Return the first of the methods that a route is added for; FastAPI's own where none is written."""
    methods = next((value for name, value in call[3] if name == "methods"), None)
    written = methods[2] if methods is not None and methods[0] == form.SEQ else ()
    first = next((one[1] for one in written if one[0] == form.TEXT), "")
    return str(first).upper() if methods is not None else "GET"


def _endpoints(
    program: Program, inference: Inference, endpoint: Expression, place: Place, name: str
) -> Iterator[Root]:
    for key in _functions(inference, endpoint, place):
        yield Root(key, "route", name, program.function(key).asynchronous)


def _functions(inference: Inference, expression: Expression, place: Place) -> Iterator[FunctionKey]:
    for one in inference.values(expression, place):
        if one[0] in (v.FUNCTION, v.BOUND):
            yield (one[-2], one[-1])
