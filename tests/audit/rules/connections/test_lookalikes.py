"""What the rules about connections find beside their examples, and what only looks like it."""

from __future__ import annotations

import pytest

from holdfast.audit.rules.catalogue import RULES
from tests.audit.project import whole

HEAD = """
import socket, urllib.request
import aiohttp, httpx
from fastapi import FastAPI
app = FastAPI()
"""

FOUND = {
    "HF202 urlopen": "@app.get('/x')\ndef x(): urllib.request.urlopen('http://x', b'data')\n",
    "HF204 a client": "client = httpx.AsyncClient()\n",
}

NOT_FOUND = {
    "HF202 in its place": "@app.get('/x')\ndef x(): urllib.request.urlopen('http://x', None, 2)\n",
    "HF202 in its other place": "@app.get('/x')\ndef x(): socket.create_connection(('x', 1), 2)\n",
    "HF204 closed": "client = httpx.AsyncClient()\nasync def end(): await client.aclose()\n",
    "HF204 entered": "client = httpx.AsyncClient()\nasync def life(app):\n    async with client: yield\n",
    "HF204 handed to who closes it": (
        "client = httpx.AsyncClient()\nasync def life(app, stack): await stack.enter_async_context(client)\n"
    ),
    "HF204 another one": "client = httpx.Client()\n",
}


def found_in(name: str, text: str) -> int:
    rule = next(rule for rule in RULES if rule.code == name.split()[0])
    return sum(1 for _ in rule.find(whole(HEAD + text)))


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    assert found_in(name, FOUND[name]) == 1


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str) -> None:
    assert found_in(name, NOT_FOUND[name]) == 0
