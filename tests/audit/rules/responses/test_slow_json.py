"""Which answers are told to be made twice."""

from __future__ import annotations

import pytest

from holdfast.audit.rules.responses.slow_json import RULE
from tests.audit.project import told

HEAD = """
import json
from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel
app = FastAPI()
class Out(BaseModel):
    id: int
"""


@pytest.mark.parametrize(
    "text",
    [
        "@app.get('/x')\ndef x(): return json.loads(frame().to_json())",
        "@app.get('/x')\ndef x() -> list[Out]: return [one.dict() for one in rows()]",
    ],
)
def test_twice(text: str) -> None:
    assert len(told(RULE, HEAD + text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "@app.get('/x')\ndef x() -> Out: return Out(id=1)",
        "@app.get('/x')\ndef x(): return Out(id=1).model_dump()",
        "@app.get('/x')\ndef x() -> dict: return Out(id=1).model_dump()",
        "@app.get('/x', response_model=Out)\ndef x(): return Out(id=1).model_dump(exclude_none=True)",
        "@app.get('/x')\ndef x(): return json.loads(text())",
        "def x(): return json.loads(json.dumps({}))",
        "@app.get('/x')\ndef x(): return json.loads(Out(id=1).model_dump_json())",
        "@app.get('/x', response_model=Out)\ndef x(): return Out(id=1).model_dump()",
    ],
)
def test_once(text: str) -> None:
    assert told(RULE, HEAD + text) == []
