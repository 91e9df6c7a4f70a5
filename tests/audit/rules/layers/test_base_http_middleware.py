"""How many layers around each other are worth a word."""

from __future__ import annotations

from holdfast.audit.finding import Confidence
from holdfast.audit.rules.layers.base_http_middleware import RULE
from tests.audit.project import told, whole

HEAD = """
from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware
app = FastAPI()
class Stamp(BaseHTTPMiddleware): ...
"""
LAYER = "@app.middleware('http')\nasync def layer{}(request, call_next): ...\n"


def test_three_are_told_once() -> None:
    text = HEAD + "app.add_middleware(Stamp)\n" + LAYER.format(1) + LAYER.format(2)
    [message] = told(RULE, text)
    assert message.startswith("3 BaseHTTPMiddleware lie around each other (lines 7, 9 too)")


def test_two_are_known_and_not_told() -> None:
    text = HEAD + "app.add_middleware(Stamp)\n" + LAYER.format(1)
    assert told(RULE, text) == []
    assert [one.confidence for one in RULE.find(whole(text))] == [Confidence.LOW] * 2
