"""Timeouts come from the budget, or are left to decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit.fix.mending import mended, project

BUDGET = """
[service]
name = "orders"
app = "main:app"

[deadline]
default = "2s"

[dependency.payments]
kind = "http"
url_env = "PAYMENTS_URL"
timeout = { connect = "100ms", total = "250ms" }
"""

ROUTE = """
import os

import requests
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def read():
    return requests.get({url}).text
"""


@pytest.mark.parametrize(
    ("url", "name", "line"),
    [
        (
            "os.environ['PAYMENTS_URL']",
            "PAYMENTS_TIMEOUT",
            "0.25  # seconds, dependency.payments.timeout.total",
        ),
        (
            "'http://payments/charge'",
            "PAYMENTS_TIMEOUT",
            "0.25  # seconds, dependency.payments.timeout.total",
        ),
        ("'http://elsewhere'", "DEADLINE", "2  # seconds, deadline.default"),
    ],
)
def test_the_budget_says_how_long(url: str, name: str, line: str, tmp_path: Path) -> None:
    root = project(tmp_path, {"main.py": ROUTE.format(url=url), "holdfast.toml": BUDGET})
    text = mended(root).texts["main.py"].decode()
    assert f"\n\n{name} = {line} of holdfast.toml\n\napp = FastAPI()" in text
    assert f"requests.get({url}, timeout={name}).text" in text


def test_without_a_budget_the_number_is_left_to_decide(tmp_path: Path) -> None:
    result = mended(project(tmp_path, ROUTE.format(url="'http://a'")))
    assert result.texts == {}
    [shown] = [one for one in result.shown if one.fix.finding.rule == "HF202"]
    assert shown.fix.check == "decide TIMEOUT"
    assert "\nTIMEOUT = ...  # decide: seconds" in shown.after["main.py"].decode()


def test_a_name_that_the_file_has_is_left_alone(tmp_path: Path) -> None:
    source = ROUTE.format(url="'http://a'").replace("app = F", "DEADLINE = 'friday'\napp = F")
    text = mended(project(tmp_path, {"main.py": source, "holdfast.toml": BUDGET})).texts["main.py"].decode()
    assert "timeout=DEADLINE_2)" in text
    assert "DEADLINE = 'friday'" in text


def test_calls_of_one_file_share_the_constant_and_keep_their_form(tmp_path: Path) -> None:
    source = ROUTE.format(url="'http://a'") + (
        "\n\n@app.post('/')\ndef write():\n"
        "    requests.post(\n        'http://a',\n        json={},  # empty\n    )\n"
        "\n\n@app.put('/')\ndef put():\n    requests.put('http://a',\n                 json={})\n"
    )
    text = mended(project(tmp_path, {"main.py": source, "holdfast.toml": BUDGET})).texts["main.py"].decode()
    assert text.count("DEADLINE = 2") == 1
    assert "        'http://a',\n        json={},  # empty\n        timeout=DEADLINE,\n    )\n" in text
    assert "requests.put('http://a',\n                 json={},\n                 timeout=DEADLINE)\n" in text


def test_a_timeout_by_position_is_not_given_twice(tmp_path: Path) -> None:
    source = ROUTE.format(url="'http://a'").replace("import requests", "import socket")
    source = source.replace("requests.get('http://a').text", "socket.create_connection(('a', 1), 2)")
    assert mended(project(tmp_path, {"main.py": source, "holdfast.toml": BUDGET})).texts == {}
