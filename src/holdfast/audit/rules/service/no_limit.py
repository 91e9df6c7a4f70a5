"""HF951: a service that takes whatever comes."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.gathered import gathered
from holdfast.audit.graph.program import statements
from holdfast.audit.rules.calls import calls
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import own, parts
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_APPS = frozenset({"fastapi.FastAPI", "fastapi.applications.FastAPI"})
_LIMITERS = (
    "holdfast",
    "slowapi",
    "fastapi_limiter",
    "aiolimiter",
    "limits",
    "asgi_ratelimit",
    "pyrate_limiter",
)
_WORDS = ("limit_concurrency", "CapacityLimiter", "Semaphore")


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for the first app whose routes ask a database, where nothing limits anything."""
    apps = [(number, at) for number, made in enumerate(gathered(whole, _apps)) for at in made]
    if not apps:
        return
    asking, limits = _asking(whole), gathered(whole, _limits)
    for number, at in apps:
        around = list(_around(whole, number))
        if not asking.isdisjoint(around) and not any(limits[each] for each in around):
            yield _finding(whole, number, at)
            return


def _apps(whole: Whole) -> tuple[tuple[int, int], ...]:
    """Return where a module of the service makes apps."""
    return tuple(
        (site.line, site.column)
        for number, _ in whole.program.numbered()
        if number in whole.served
        for site in calls(whole, number)
        if not _APPS.isdisjoint(whole.named(site.expression[1], number))
    )


def _asking(whole: Whole) -> set[int]:
    """Return the modules where a request asks a database: what has to be protected from too many."""
    return {
        key[0]
        for key, links in whole.reach.reached.links()
        if whole.reach.entry(key) is not None and any(query for _, _, _, query, _ in links)
    }


def _around(whole: Whole, number: int) -> Iterator[int]:
    """Yield the modules of the package that an app lies in."""
    folder = whole.path(number).rpartition("/")[0]
    for each in sorted(whole.served):
        if whole.path(each).startswith(f"{folder}/" if folder else ""):
            yield each


def _limits(whole: Whole) -> bool:
    """Whether a module limits something."""
    for _, module in whole.program.numbered():
        if any(path.lstrip(".").split(".")[0] in _LIMITERS for path in module.imports.values()):
            return True
        bodies = [module.body, *(function.body for function in module.functions)]
        values = (value for body in bodies for statement in statements(body) for value in own(statement))
        if any(_is_limit(part) for value in values for part in parts(value)):
            return True
    return False


def _is_limit(part: Expression) -> bool:
    if part[0] == form.CALL:
        return any(name == "limit_concurrency" for name, _ in part[3])
    return part[0] in (form.NAME, form.ATTR) and part[-1] in _WORDS


def _finding(whole: Whole, number: int, at: tuple[int, int]) -> Finding:
    path = whole.path(number)
    budgeted = whole.settings.has_budget(path)
    return Finding(
        rule=RULE.code,
        severity=Severity.LOW,
        # Most deployments have a limit somewhere: in a proxy, on the command line, in the number of threads.
        # Who wrote a budget has decided on one here.
        confidence=Confidence.MEDIUM if budgeted else Confidence.LOW,
        file=path,
        line=at[0],
        column=at[1] + 1,
        message="nothing limits how many requests wait for this service's database at a time",
        fix="Limit it at the door: `Holdfast(app)`; or at least uvicorn's `--limit-concurrency`",
    )


RULE = Rule(
    code="HF951",
    name="no-limit",
    what="A service with a database has nothing that limits how many requests it works on at a time.",
    why=(
        "Above its capacity it accepts everything and finishes all of it too late: the queue grows, memory "
        "with it, and every request that its client has given up still costs its full price."
    ),
    limits=(
        "Told once, for the first app; at low confidence where the project has no budget, since a limit in a "
        "proxy or on the server's command line is not seen."
    ),
    bad="""
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

app = FastAPI()

@app.get("/orders/{number}")
async def order(number: int, session: AsyncSession):
    return await session.get(Order, number)
""",
    good="""
from fastapi import FastAPI
from holdfast import Holdfast
from sqlalchemy.ext.asyncio import AsyncSession

app = FastAPI()
hold = Holdfast(app)

@app.get("/orders/{number}")
async def order(number: int, session: AsyncSession):
    return await session.get(Order, number)
""",
    find=find,
    gathers=(_apps, _limits),
)
