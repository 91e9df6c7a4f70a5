"""Which repeated calls are told to be done twice."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.rules.retries.not_idempotent import RULE
from tests.audit.project import told

HEAD = """
import asyncio, random
import httpx, requests, tenacity
from tenacity import retry, retry_if_exception_type, stop_after_attempt
from fastapi import FastAPI
app = FastAPI()
client = httpx.AsyncClient()
"""


def said(text: str) -> list[str]:
    return told(RULE, HEAD + textwrap.dedent(text))


def test_behind_another_function() -> None:
    text = """
    async def post(order): await client.post("http://x/charges", json=order)
    @retry(stop=stop_after_attempt(3))
    async def charge(order): await post(order)
    @app.post("/x")
    async def x(order: dict): await charge(order)
    """
    (message,) = said(text)
    assert message.startswith("charge() repeats httpx.AsyncClient.post")


def test_a_mail() -> None:
    text = """
    @retry(stop=stop_after_attempt(3))
    async def send_email(order): await client.post("http://x/mails", json=order)
    @app.post("/x")
    async def x(order: dict): await send_email(order)
    """
    assert len(said(text)) == 1


def test_in_a_loop() -> None:
    text = """
    @app.post("/x")
    async def place_order(order: dict):
        for attempt in range(3):
            try:
                return await client.post("http://x/charges", json=order)
            except httpx.HTTPError:
                await asyncio.sleep(random.random() * 2**attempt)
    """
    assert len(said(text)) == 1


@pytest.mark.parametrize(
    ("name", "policy", "call"),
    [
        ("charge", "stop=stop_after_attempt(3)", 'client.get("http://x")'),
        ("charge", "stop=stop_after_attempt(3)", 'client.post("http://x", headers={"Idempotency-Key": key})'),
        ("charge", "stop=stop_after_attempt(3)", 'client.post("http://x", json={"request_id": key})'),
        ("charge", "retry=retry_if_exception_type(httpx.ConnectError)", 'client.post("http://x")'),
        ("send", "stop=stop_after_attempt(3)", 'client.post("http://x/oauth/token")'),
        ("find", "stop=stop_after_attempt(3)", 'client.post("http://x/orders")'),
        ("send_message", "stop=stop_after_attempt(3)", 'client.post("http://x/chats")'),
    ],
)
def test_what_may_be_repeated_or_only_asks(name: str, policy: str, call: str) -> None:
    text = f"""
    @retry({policy})
    async def {name}(key): await {call}
    @app.post("/x")
    async def x(key: str): await {name}(key)
    """
    assert said(text) == []
