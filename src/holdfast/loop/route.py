"""Which request a stack is working for, found without the app's help.

Every ASGI server and framework hands the request down as a dict named `scope`; Starlette and FastAPI write
the route into it. So the frames of a stack tell the request, whether or not the app knows of holdfast. A task
that the app has started itself has none of these frames, and no route.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

from starlette.routing import Mount

__all__ = ["REQUEST_ID", "Request", "request_id_of", "request_of", "template"]

Request = Mapping[str, Any]
"""An ASGI scope of type "http" or "websocket"."""

REQUEST_ID = "holdfast.request_id"
"""Where the gatekeeper leaves the request's id in the scope, as bytes: copies of the scope have it too."""

_ID_HEADER = b"x-request-id"
_ID_LENGTH = 64

_MOUNT = Mount.handle.__code__


def request_of(frames: Sequence[FrameType], entry: FrameType | None = None) -> tuple[Request | None, str]:
    """Return the request that `frames` (innermost first) work for, and its "METHOD /route/{template}".

    (None, "") where there is none, (scope, "") where no route was found, or not yet. `entry` is the outermost
    frame of the running task: asked last, for a stack that does not reach it (one within a greenlet).
    """
    for depth, frame in enumerate(frames):
        scope = _local_scope(frame)
        if scope is not None:
            return scope, _label(scope, _mounts(frames[depth:], scope.get("route")))
    scope = _entry_scope(entry) if entry is not None else None
    return scope, "" if scope is None else _label(scope, "")


def request_id_of(scope: Request | None) -> str:
    """Return the id of a request: the gatekeeper's, else (the app is not held) the caller's, else ""."""
    if scope is None:
        return ""
    found = scope.get(REQUEST_ID)
    if found is None:
        found = next((value for name, value in scope.get("headers", ()) if name == _ID_HEADER), b"")
    text = found.decode("ascii", "replace") if isinstance(found, bytes) else str(found)
    return text[:_ID_LENGTH] if text.isprintable() else ""


def template(scope: Request) -> str:
    """Return the template of the route in `scope`, with the prefixes of included routers, without mounts.

    FastAPI (from 0.137 on) keeps a route once, however often it is included; the template with the prefixes
    is in its effective context. That outlives the routing, so it counts only where it speaks of the route
    that was chosen last: below a mount in an included router it does not.
    """
    route = scope.get("route")
    path = getattr(route, "path_format", None)
    context = scope.get("fastapi", {}).get("effective_route_context")
    if context is not None:
        prefixed = getattr(context, "starlette_route", None)
        if path is None or route is prefixed or route is context.original_route:
            path = getattr(prefixed, "path_format", None) or context.path_format
    if path:
        return str(path)
    return str(getattr(scope.get("endpoint"), "__name__", ""))


def _label(scope: Request, mounts: str) -> str:
    path = template(scope)
    return f"{scope.get('method', 'WEBSOCKET')} {mounts}{path}" if path else ""


def _local_scope(frame: FrameType) -> Request | None:
    # Only frames that have the name: on Python 3.11 reading a frame's locals keeps them alive as long as it.
    code = frame.f_code
    if "scope" in code.co_varnames or "scope" in code.co_freevars:
        return _checked(frame.f_locals.get("scope"))
    return None


def _entry_scope(entry: FrameType) -> Request | None:
    """Return the scope that a task was started with: its local `scope`, or `self.scope` as Uvicorn has it."""
    return _local_scope(entry) or _checked(getattr(entry.f_locals.get("self"), "scope", None))


def _checked(scope: object) -> Request | None:
    if isinstance(scope, Mapping) and scope.get("type") in ("http", "websocket") and "path" in scope:
        return scope
    return None


def _mounts(frames: Sequence[FrameType], route: object) -> str:
    """Return the templates of the mounts above `route`, outermost first.

    They are read from the stack: `scope["root_path"]` holds the path as it was requested, which would make a
    route of every tenant.
    """
    mounts = [frame.f_locals.get("self") for frame in frames if frame.f_code is _MOUNT]
    return "".join(m.path for m in reversed(mounts) if isinstance(m, Mount) and m is not route)
