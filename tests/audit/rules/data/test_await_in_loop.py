"""Which loops are told to wait one call after the other."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.rules.data.await_in_loop import RULE
from tests.audit.project import told

HEAD = """
import asyncio
import httpx
from fastapi import FastAPI
app = FastAPI()
client = httpx.AsyncClient()
async def fetch(url):
    response = await client.get(url)
    return response.json()
"""


def said(body: str) -> list[str]:
    body = textwrap.indent(body, "    ")
    return told(RULE, HEAD + f"@app.post('/x')\nasync def x(urls: list[str], found: list):\n{body}\n")


@pytest.mark.parametrize(
    "body",
    [
        "return [await client.get(url) for url in urls]",
        "return [await fetch(url) for url in urls]",
        "for url in urls:\n    answer = await client.get(url)\n    found.append(answer.json())",
        "for url in urls:\n    try:\n        found.append(await fetch(url))\n    except ValueError: ...",
    ],
)
def test_reads_that_do_not_need_each_other(body: str) -> None:
    assert len(said(body)) == 1


@pytest.mark.parametrize(
    "body",
    [
        "for url in urls:\n    await client.post(url)",
        "for url in urls:\n    answer = await client.get(url)\n    if answer.json(): return answer",
        "token = ''\nfor url in urls:\n    answer = await client.get(url + token)\n    token = answer.text",
        "for url in urls:\n    await client.get(url)\n    await asyncio.sleep(1)",
        "for page in range(3):\n    await client.get(page)",
        "for url in urls:\n    await client.get('http://x')",
        "for url in ('http://a', 'http://b'):\n    await client.get(url)",
        "await asyncio.gather(*[client.get(url) for url in urls])",
    ],
)
def test_loops_that_must_or_should_wait(body: str) -> None:
    assert said(body) == []
