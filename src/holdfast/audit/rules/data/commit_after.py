"""HF503: a commit after the answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.gathered import gathered
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.rules.calls import calls_in, requested
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function
from holdfast.audit.source.inside import own, parts
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_PROVIDERS = frozenset({"fastapi.Depends", "fastapi.Security", "fastapi.params.Depends"})
_WRITES = ("POST", "PUT", "PATCH", "DELETE")
_TRANSACTIONS = frozenset({"begin", "begin_nested"})


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each dependency that commits behind its `yield`."""
    late = frozenset[FunctionKey]().union(*gathered(whole, _late))
    places = (
        ((number, index), at)
        for number, committing in enumerate(gathered(whole, _committing))
        for index, at in committing
        if (number, index) in late
    )
    by_name: dict[str, list[tuple[FunctionKey, tuple[int, int]]]] = defaultdict(list)
    for key, at in places:
        by_name[whole.program.function(key).name].append((key, at))
    sure = Confidence.LOW if _settle_themselves(whole) else Confidence.HIGH
    for copies in by_name.values():
        # Copies of one dependency are one habit, and told once.
        (key, at), *_ = copies
        yield found(
            RULE,
            whole,
            key,
            at,
            "this commits when the response has been sent: who reads at once finds nothing, "
            "and a commit that fails was reported as a success",
            'Declare it as `Depends(..., scope="function")`, or commit in the route',
            confidence=sure,
            chain=tuple(whole.step(one, place[0], "commit") for one, place in copies),
        )


def _settle_themselves(whole: Whole) -> bool:
    """Whether what requests write is mostly committed where it is written, so that the end only tidies up."""
    writing = {root.function for root in whole.roots if root.name.startswith(_WRITES)}
    return 2 * sum(gathered(whole, _settling)) >= len(writing) > 0


def _settling(whole: Whole) -> int:
    """Return how many functions of a module commit before a request is answered."""
    functions = (whole.program.function(key) for key in requested(whole))
    return sum(not one.generator and any(map(_is_commit, calls_in(one.body))) for one in functions)


def _committing(whole: Whole) -> tuple[tuple[int, tuple[int, int]], ...]:
    """Return the dependencies of a module that commit behind their `yield`, and where."""
    keys = sorted({root.function for root in whole.roots if root.kind == "dependency"})
    places = ((key[1], _commits(whole.program.function(key))) for key in keys)
    return tuple((index, at) for index, at in places if at is not None)


def _commits(function: Function) -> tuple[int, int] | None:
    """Return where a generator commits what it yielded, after the `yield`."""
    if not function.generator:
        return None
    yielded: set[str] = set()
    for statement in statements(function.body):
        if statement[0] == form.WITH and _begins(statement[1]) and _yields(statement[3]):
            return statement[-1], 0
        for value in own(statement):
            for part in parts(value):
                if part[0] == form.YIELD and part[1][0] == form.NAME:
                    yielded.add(part[1][1])
                if _is_commit(part) and part[1][1][1] in yielded:
                    return part[4], part[5]
    return None


def _is_commit(part: Expression) -> bool:
    return bool(
        part[0] == form.CALL
        and part[1][0] == form.ATTR
        and part[1][2] == "commit"
        and part[1][1][0] == form.NAME
    )


def _begins(items: tuple[tuple[Expression, Expression | None], ...]) -> bool:
    return any(
        value[0] == form.CALL and value[1][0] == form.ATTR and value[1][2] in _TRANSACTIONS
        for value, _ in items
    )


def _yields(body: tuple[Expression, ...]) -> bool:
    return any(
        part[0] == form.YIELD
        for statement in statements(body)
        for value in own(statement)
        for part in parts(value)
    )


def _late(whole: Whole) -> frozenset[FunctionKey]:
    """Return the functions that some `Depends` of a module provides without `scope="function"`."""
    return frozenset(_provided(whole))


def _provided(whole: Whole) -> Iterator[FunctionKey]:
    for place, expression in _declared(whole):
        for part in parts(expression):
            if part[0] != form.CALL or (("scope", (form.TEXT, "function")) in part[3]):
                continue
            given = [*part[2][:1], *(value for name, value in part[3] if name == "dependency")]
            callees = whole.inference.values(part[1], place) if given else ()
            if any(one[0] == "outside" and one[1] in _PROVIDERS for one in callees):
                for one in whole.inference.values(given[0], place):
                    if one[0] in ("function", "bound"):
                        yield one[-2], one[-1]


def _declared(whole: Whole) -> Iterator[tuple[Place, Expression]]:
    """Yield the expressions in which dependencies are declared."""
    for key, function in whole.program.functions():
        place = Place(key[0], function.within, function.owner)
        for parameter in function.parameters:
            for expression in (parameter.annotation, parameter.default):
                if expression is not None:
                    yield place, expression
        for decorator in function.decorators:
            yield place, decorator
    for number, module in whole.program.numbered():
        for statement in statements(module.body):
            for value in own(statement):
                yield Place(number), value


RULE = Rule(
    code="HF503",
    name="commit-after-response",
    what="A dependency commits after its `yield`, when the response has been sent.",
    why=(
        "FastAPI runs what stands behind the `yield` after the answer has gone out. A client that reads at "
        "once what it wrote finds nothing, and a commit that fails was already reported as a success."
    ),
    limits=(
        "FastAPI 0.106 to 0.117 ran it before the answer. A commit deeper down is not seen. Low confidence "
        "where most of what writes commits by itself."
    ),
    bad="""
from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker

app = FastAPI()
sessions = async_sessionmaker()

async def get_session():
    async with sessions() as session:
        yield session
        await session.commit()

@app.post("/orders")
async def order(session=Depends(get_session)): ...
""",
    good="""
from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker

app = FastAPI()
sessions = async_sessionmaker()

async def get_session():
    async with sessions() as session:
        yield session
        await session.commit()

@app.post("/orders")
async def order(session=Depends(get_session, scope="function")): ...
""",
    find=find,
    gathers=(_late, _committing, _settling),
)
