from __future__ import annotations

import pytest
from fastapi import FastAPI, HTTPException
from hypothesis import given
from hypothesis import strategies as st

from holdfast import Holdfast
from holdfast.service.causes import Causes
from holdfast.telemetry import process
from holdfast.telemetry.board import Board
from tests.service.asgi import call

pytestmark = pytest.mark.anyio

STEPS = st.lists(st.tuples(st.booleans(), st.sampled_from((500, 502, 503)), st.booleans()), max_size=50)


def counts() -> dict[str, int]:
    return {name: cells[0] for name, cells in process.slot().errors.rows()}


@given(STEPS)
def test_every_answer_is_counted_once_whoever_named_its_cause(steps: list[tuple[bool, int, bool]]) -> None:
    table = Board.private().slots()[0].errors
    causes = Causes(lambda: table)
    for named, status, settled in steps:
        if named:
            causes.named("ValueError", status)
        causes.answered(status)
        if settled:
            causes.settle()
    causes.settle()
    found = {name: cells[0] for name, cells in table.rows()}
    assert sum(found.values()) == len(steps)
    assert found.get("ValueError", 0) == sum(named for named, _, _ in steps)


def test_a_cause_named_before_its_answer_hides_no_other() -> None:
    table = Board.private().slots()[0].errors
    causes = Causes(lambda: table)
    causes.named("ValueError", 500)  # in flight still
    causes.answered(500)  # another one, of the app's own
    causes.settle()
    causes.answered(500)
    causes.settle()
    assert {name: cells[0] for name, cells in table.rows()} == {"ValueError": 1, "answered 500": 1}


async def test_what_the_app_answers_itself_is_counted_too() -> None:
    app = FastAPI()
    hold = Holdfast(app)

    @app.get("/raised")
    async def raised() -> None:
        raise HTTPException(502)

    @app.get("/failed")
    async def failed() -> None:
        raise KeyError("a secret")

    before = counts()
    for path, status in (("/raised", 502), ("/raised", 502), ("/failed", 500), ("/nowhere", 404)):
        try:
            answer = await call(app, path)
            assert answer.status == status
        except KeyError:
            assert path == "/failed"  # Starlette raises it again for the server's log
    await hold.stop()
    after = counts()
    grown = {name: number - before.get(name, 0) for name, number in after.items()}
    assert {name: by for name, by in grown.items() if by} == {"answered 502": 2, "KeyError": 1}
