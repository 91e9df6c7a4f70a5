"""Which caches grow with what clients send."""

from __future__ import annotations

import pytest

from holdfast.audit.rules.memory.cache import RULE
from tests.audit.project import told

TEXT = """
from functools import cache
from fastapi import FastAPI
app = FastAPI()
@cache
def rate(currency: str):
    {body}
@app.get("/x")
async def x(currency: str): return rate({argument})
"""


def test_by_what_a_client_sends() -> None:
    assert told(RULE, TEXT.format(body="return 1", argument="currency")) == [
        "rate() keeps every answer that it ever gave"
    ]


@pytest.mark.parametrize(
    ("body", "argument"),
    [
        ("return 1", "settings.currency"),
        ("return 1", "'EUR'"),
        ("if currency not in RATES: raise KeyError(currency)\n    return RATES[currency]", "currency"),
    ],
)
def test_by_few_things(body: str, argument: str) -> None:
    assert told(RULE, TEXT.format(body=body, argument=argument)) == []
