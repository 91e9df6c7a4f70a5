"""HF981: an app that answers errors with its own source."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Finding, Severity
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.calls import calls, keyword
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_APPS = frozenset({"fastapi.FastAPI", "fastapi.applications.FastAPI", "starlette.applications.Starlette"})


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each app that is made with `debug=True`."""
    for number, module in whole.program.numbered():
        imported = any(path.startswith(("fastapi", "starlette")) for path in module.imports.values())
        if not imported or number not in whole.served:
            continue
        places: list[FunctionKey | int] = [number, *((number, one.index) for one in module.functions)]
        for where in places:
            for site in calls(whole, where):
                debugs = keyword(site.expression, "debug") == (form.CONST, True)
                if debugs and _APPS.intersection(whole.named(site.expression[1], where)):
                    yield found(
                        RULE,
                        whole,
                        where,
                        (site.line, site.column),
                        "this app answers every error with its source, its variables and its file names",
                        "Leave `debug` out, or take it from a setting that is off by default",
                        severity=Severity.HIGH,
                        chain=(),
                    )


RULE = Rule(
    code="HF981",
    name="debug-app",
    what="An app is made with `debug=True`.",
    why=(
        "With it, Starlette answers an unhandled error with the traceback, the lines of source around it and "
        "the values of local variables: passwords and tokens among them, to whoever provokes an error."
    ),
    limits="Only where `True` is written: a setting whose default is true is not seen.",
    bad="""
from fastapi import FastAPI

app = FastAPI(debug=True)

@app.get("/orders")
async def orders(): ...
""",
    good="""
from fastapi import FastAPI

app = FastAPI()

@app.get("/orders")
async def orders(): ...
""",
    find=find,
    by_module=True,
)
