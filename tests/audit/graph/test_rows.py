"""What is read of a row that a query brought waits for nothing; what it is asked for, does."""

from __future__ import annotations

import pytest

from tests.audit.project import blocked

HEAD = """
import peewee, docker, sqlite3
from fastapi import FastAPI
from sqlalchemy.orm import Session
app = FastAPI()
class Order(peewee.Model): ...
@app.get("/x")
async def x(id, session: Session):
    order = Order.get(Order.number > id)
"""
ROW = "peewee.Model.get, by GET /x"


@pytest.mark.parametrize(
    "read",
    [
        "order.data.get('size')",
        "order.name.split(',')",
        "order.data['sizes'].get('x')",
        "order.name.count('a')",
    ],
)
def test_a_value(read: str) -> None:
    assert [one.partition(" -> ")[2] for one in blocked(f"{HEAD}    return {read}\n")] == [ROW]
    other = f"{HEAD}    data = order.data\n    return {read.replace('order.data', 'data')}\n"
    assert [one.partition(" -> ")[2] for one in blocked(other)] == [ROW]


@pytest.mark.parametrize("asked", ["order.lines.count()", "order.lines.get()", "order.lines.first()"])
def test_a_relation(asked: str) -> None:
    assert len(blocked(f"{HEAD}    return {asked}\n")) == 2


def test_of_an_answer_that_is_a_client_all_is_asked() -> None:
    text = f"{HEAD}    return docker.from_env().containers.get(id)\n"
    assert any("docker" in one for one in blocked(text))
