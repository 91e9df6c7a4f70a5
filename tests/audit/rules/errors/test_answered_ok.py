"""Which failures are told to be answered as a success, or dropped."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.rules.errors.answered_ok import RULE
from tests.audit.project import told

HEAD = """
import logging
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from starlette.middleware.base import BaseHTTPMiddleware
app = FastAPI()
logger = logging.getLogger()
"""


def handled(answer: str, failure: str = "Exception") -> list[str]:
    text = f"""
    @app.get("/x")
    def x():
        try:
            return work()
        except {failure} as error:
            {answer}
    """
    return told(RULE, HEAD + textwrap.dedent(text))


@pytest.mark.parametrize(
    "answer",
    [
        "return {'error': str(error)}",
        "return {'status': 'failed'}",
        "return {'success': False, 'message': 'no'}",
        "return JSONResponse({'error': 'x'})",
        "return JSONResponse(content={'error': 'x'}, status_code=200)",
    ],
)
def test_a_route_that_says_all_is_well(answer: str) -> None:
    assert len(handled(answer)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "return JSONResponse({'error': 'x'}, status_code=502)",
        "return JSONResponse({'error': 'x'}, 500)",
        "raise HTTPException(502)",
        "return {'items': []}",
        "return {'error': f'Invalid name: {name}'}",
        "return None",
    ],
)
def test_a_route_that_does_not(answer: str) -> None:
    assert handled(answer) == []


def test_an_error_that_was_expected() -> None:
    assert handled("return {'error': 'unknown'}", "KeyError") == []


def middleware(handler: str) -> list[str]:
    text = f"""
    @app.middleware("http")
    async def guard(request, call_next):
        try:
            return await call_next(request)
        except Exception as error:
            {handler}
    """
    return told(RULE, HEAD + textwrap.dedent(text))


def test_a_middleware_that_drops_the_error() -> None:
    assert len(middleware("return JSONResponse({}, status_code=500)")) == 1


@pytest.mark.parametrize(
    "handler",
    [
        "logger.exception('no')\n            return JSONResponse({}, status_code=500)",
        "report(error)\n            return JSONResponse({}, status_code=500)",
        "raise",
    ],
)
def test_a_middleware_that_tells(handler: str) -> None:
    assert middleware(handler) == []


def test_a_middleware_that_looks_at_something_itself() -> None:
    text = """
    @app.middleware("http")
    async def guard(request, call_next):
        try:
            session = await verify(request)
        except Exception:
            return JSONResponse({}, status_code=401)
        return await call_next(request)
    """
    assert told(RULE, HEAD + textwrap.dedent(text)) == []


ENVELOPE = """
@app.get("/x")
def NAME():
    try:
        return {"status": "ok", "data": work()}
    except Exception:
        TOLD
        return {"status": "error"}
"""


def test_a_sign_that_clients_look_for() -> None:
    text = HEAD + ENVELOPE.replace("NAME", "x")
    assert told(RULE, text.replace("TOLD", "logger.exception('no')")) == []
    assert len(told(RULE, text.replace("TOLD", "count = 1"))) == 1


def test_a_route_that_says_whether_something_works() -> None:
    assert told(RULE, HEAD + ENVELOPE.replace("NAME", "test_connection").replace("TOLD", "pass")) == []


def test_the_routes_of_a_file_are_told_together() -> None:
    one, two = (ENVELOPE.replace("NAME", name).replace("TOLD", "pass") for name in ("x", "y"))
    [message] = told(RULE, HEAD + one + two)
    assert message.startswith("this route and 1 others of this file, for every exception, answers 200")
