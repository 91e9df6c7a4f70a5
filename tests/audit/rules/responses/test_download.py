"""Which downloads are told to be read whole."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.rules.responses.download import RULE
from tests.audit.project import told

HEAD = """
import aiofiles, boto3
from io import BytesIO
from pathlib import Path
from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse
app = FastAPI()
s3 = boto3.client("s3")
"""


def said(body: str) -> list[str]:
    return told(RULE, HEAD + f"@app.get('/x')\nasync def x(name: str):\n{textwrap.indent(body, '    ')}\n")


@pytest.mark.parametrize(
    "body",
    [
        "with open(name, 'rb') as file:\n    return Response(file.read())",
        "async with aiofiles.open(name) as file:\n    data = await file.read()\nreturn Response(data)",
        "return Response(Path(name).read_bytes(), media_type='application/pdf')",
        "found = s3.get_object(Key=name)\nreturn StreamingResponse(BytesIO(found['Body'].read()))",
    ],
)
def test_whole(body: str) -> None:
    assert len(said(body)) == 1


@pytest.mark.parametrize(
    "body",
    [
        "return StreamingResponse(open(name, 'rb'))",
        "with open(name, 'rb') as file:\n    return Response(file.read(), media_type='text/html')",
        "with open(name, 'rb') as file:\n    return Response(file.read(1024))",
        "return Response(render(name))",
        "found = s3.get_object(Bucket='a', Key=name)\nreturn StreamingResponse(found['Body'])",
    ],
)
def test_in_pieces_or_small(body: str) -> None:
    assert said(body) == []
