"""Which retries are told to multiply."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.rules.retries.doubled import RULE
from tests.audit.project import told

HEAD = """
import openai, requests
from tenacity import retry, stop_after_attempt
from fastapi import FastAPI
app = FastAPI()
"""


def said(text: str) -> list[str]:
    return told(RULE, HEAD + textwrap.dedent(text))


def test_decorators_that_call_each_other() -> None:
    text = """
    @retry(stop=stop_after_attempt(3))
    def inner(): requests.get("http://x", timeout=1)
    @retry(stop=stop_after_attempt(3))
    def outer(): inner()
    @app.get("/x")
    def x(): outer()
    """
    assert said(text) == ["outer() repeats a call that inner() repeats as well: their attempts multiply"]


def test_two_decorators() -> None:
    text = """
    @retry(stop=stop_after_attempt(3))
    @retry(stop=stop_after_attempt(2))
    def call(): requests.get("http://x", timeout=1)
    @app.get("/x")
    def x(): call()
    """
    assert said(text) == ["call() is repeated by 2 decorators: their attempts multiply"]


LOOP = """
@retry(stop=stop_after_attempt(3))
def inner(): requests.get("http://x", timeout=1)
@app.get("/x")
def x():
    for _ in range(3):
        try:
            return inner()
        except {failure}:
            continue
"""


def test_a_loop_around_a_decorator() -> None:
    assert len(said(LOOP.format(failure="Exception"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        LOOP.format(failure="StaleDataError"),
        """
        client = openai.AsyncOpenAI(max_retries=0)
        @retry(stop=stop_after_attempt(3))
        async def ask(): await client.embeddings.create(input="x")
        @app.get("/x")
        async def x(): await ask()
        """,
        """
        @retry(stop=stop_after_attempt(3))
        def inner(): requests.get("http://x", timeout=1)
        @retry(stop=stop_after_attempt(3), retry=is_busy)
        def outer(): inner()
        @app.get("/x")
        def x(): outer()
        """,
        """
        @retry(stop=stop_after_attempt(3))
        def inner(): requests.get("http://x", timeout=1)
        @retry(stop=stop_after_attempt(3))
        def migrate(): inner()
        """,
        """
        @retry(stop=stop_after_attempt(3))
        def one(): requests.get("http://x", timeout=1)
        @app.get("/x")
        def x(): one()
        """,
    ],
)
def test_one_of_them_is_enough(text: str) -> None:
    assert said(text) == []


def test_of_three_the_two_that_are_nearest() -> None:
    text = """
    @retry(stop=stop_after_attempt(3))
    def inner(): requests.get("http://x", timeout=1)
    @retry(stop=stop_after_attempt(3))
    def middle(): inner()
    @retry(stop=stop_after_attempt(3))
    def outer(): middle()
    @app.get("/x")
    def x(): outer()
    """
    assert said(text) == ["middle() repeats a call that inner() repeats as well: their attempts multiply"]
