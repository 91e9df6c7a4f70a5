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
