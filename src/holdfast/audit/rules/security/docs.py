"""HF982: a service that asks who calls tells everybody what it offers."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.gathered import gathered
from holdfast.audit.rules.calls import calls
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.security.guarded import guarded, routed, routers
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_DOCS = frozenset({"docs_url", "redoc_url", "openapi_url", None})
"""What an app decides about its documentation with; a `**` may hold one."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each app with the default documentation, where routes ask who calls."""
    if not any(route.asks for route in guarded(whole)):
        return
    for number, apps in enumerate(gathered(whole, _documented)):
        for at in apps:
            yield found(
                RULE,
                whole,
                number,
                at,
                "/docs, /redoc and /openapi.json answer everybody, where the routes ask who calls",
                "Set openapi_url=None in production, or serve it behind the same dependency",
                severity=Severity.LOW,
                # Many an interface is documented for everybody on purpose.
                confidence=Confidence.LOW,
            )


def _documented(whole: Whole) -> tuple[tuple[int, int], ...]:
    """Return where a module of the service makes an app with the default documentation."""
    return tuple(
        (site.line, site.column)
        for number, _ in whole.program.numbered()
        if number in whole.served
        for site in calls(whole, number, {"FastAPI"})
        if "fastapi.FastAPI" in whole.named(site.expression[1], number)
        and _DOCS.isdisjoint(name for name, _ in site.expression[3])
    )


RULE = Rule(
    code="HF982",
    name="docs-exposed",
    what="The documentation of an interface that asks who calls is open to everybody.",
    why="It lists every route, parameter and model, those of administrators included: a map for intruders.",
    limits="Low confidence: it may be meant for everybody, or a proxy may hide it.",
    bad="""
from fastapi import Depends, FastAPI

app = FastAPI()

@app.get("/orders")
def orders(user=Depends(current_user)): ...
""",
    good="""
from fastapi import Depends, FastAPI

app = FastAPI(openapi_url=None)

@app.get("/orders")
def orders(user=Depends(current_user)): ...
""",
    find=find,
    gathers=(routed, routers, _documented),
)
