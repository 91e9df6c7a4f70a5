"""HF983: one route that changes something, among others that ask who calls, does not."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.rules.calls import calls_in
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.security.guarded import WRITES, Guarded, Router, guarded, routed, routers
from holdfast.audit.source import form
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_OTHERS = 2
"""Routes of the same router that ask, before one that does not counts as forgotten."""
_PUBLIC = re.compile(
    r"log_?in|log_?out|sign_?(in|up|out)|regist|token|refresh|passw|forgot|reset|verif|confirm|hook|callback"
    r"|public|health|contact|subscri|invit|accept|auth|sso|otp|session|track|ping|anonym|guest|feedback|join"
    r"|activat|redeem|share|search|query|preview|validat|check|metrics|event|ingest|internal",
    re.IGNORECASE,
)
"""In the names of routes that are meant for everybody, or ask in a way of their own."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for the one writing route of a router that has no dependency that the others have."""
    by_router: dict[Router, list[Guarded]] = defaultdict(list)
    for route in guarded(whole):
        if route.verb in WRITES:
            by_router[route.router].append(route)
    for routes in by_router.values():
        open_ = [route for route in routes if not route.asks]
        if len(open_) != 1 or len(routes) - 1 < _OTHERS:
            continue
        route = open_[0]
        name = f"{route.path} {whole.program.function(route.function).name}"
        if not route.may_ask and not _PUBLIC.search(name) and not _is_constant(whole, route):
            yield found(
                RULE,
                whole,
                route.function,
                (route.line, 0),
                f"{route.verb.upper()} {route.path} is open to everybody, where the router's other "
                f"{len(routes) - 1} writing routes ask who calls",
                "Give it the dependency that the others have, or put that on the router",
                severity=Severity.HIGH,
                confidence=Confidence.MEDIUM,
                chain=(),
            )


def _is_constant(whole: Whole, route: Guarded) -> bool:
    """Whether a route answers the same to everybody, and does nothing else."""
    body = whole.program.function(route.function).body
    return any(one[0] == form.RETURN for one in body) and not any(True for _ in calls_in(body))


RULE = Rule(
    code="HF983",
    name="unauthenticated-write",
    what="One route that writes has no authentication, where all others of its router have one.",
    why="A dependency that is named at each route is forgotten at one of them: anybody may then write there.",
    limits=(
        "Compares the writing routes of one router, by the names of their dependencies. Middleware, other "
        "decorators and what a body asks itself are taken for authentication."
    ),
    bad="""
from fastapi import APIRouter, Depends

router = APIRouter()

@router.post("/orders")
def create(user=Depends(current_user)): ...

@router.put("/orders/{number}")
def change(number: int, user=Depends(current_user)): ...

@router.delete("/orders/{number}")
def remove(number: int): ...
""",
    good="""
from fastapi import APIRouter, Depends

router = APIRouter(dependencies=[Depends(current_user)])

@router.post("/orders")
def create(): ...

@router.put("/orders/{number}")
def change(number: int): ...

@router.delete("/orders/{number}")
def remove(number: int): ...
""",
    find=find,
    gathers=(routed, routers),
)
