from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from holdfast.cli import VERBS, main

MISTAKEN = {
    "app": (("nonsense",), "APP: expected MODULE:ATTRIBUTE"),
    "no app": ((), "APP: no app is named"),
    "file": (("shop/main.py",), "did you mean shop.main:app?"),
    "host": (
        ("app:app", "--host", "no.such.host.invalid"),
        "--host: 'no.such.host.invalid' is not an address",
    ),
    "port": (("app:app", "--port", "70000"), "--port: 70000 is not a port"),
    "workers": (("app:app", "--workers", "0"), "--workers: expected at least 1, not 0"),
    "budget": (("app:app", "--budget", "nosuch.toml"), "nosuch.toml"),
    "environment": (("app:app", "--env", "ci"), "--env: there is no budget"),
    "log": (
        ("app:app", "--port", "0", "--admin-port", "0", "--stall-log", "no/folder"),
        "--stall-log: cannot",
    ),
}


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOLDFAST_BUDGET", raising=False)


@pytest.mark.parametrize(("words", "said"), MISTAKEN.values(), ids=MISTAKEN)
def test_a_mistake_is_said_in_one_line_with_its_place(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *words]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("holdfast: error: ")
    assert said in line


def test_a_malformed_budget_is_said_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "holdfast.toml").write_text("[service]\nname = \n")
    assert main(["serve", "app:app"]) == 2
    assert "holdfast.toml:2" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--port", "--admin-port"])
def test_a_port_in_use_is_said_before_anything_starts(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = {"--port": "0", "--admin-port": "0"}
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken[option] = str(other.getsockname()[1])
        assert main(["serve", "app:app", *(word for pair in taken.items() for word in pair)]) == 2
    assert (
        capsys.readouterr().err == f"holdfast: error: {option}: port {taken[option]} is in use on 127.0.0.1\n"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open any port")
def test_a_port_that_is_not_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "app:app", "--port", "1"]) == 2
    assert "--port: port 1 may not be opened" in capsys.readouterr().err


def test_help_lists_every_verb_and_imports_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert [verb for verb in VERBS if f"  {verb} " in printed] == list(VERBS)
    checks = ["plan", "audit", "explain", "traffic", "gate", "capacity", "compare", "check", "ci"]
    assert list(VERBS) == ["serve", *checks, "demo"]


def test_an_unknown_verb_is_a_mistake_in_the_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sreve"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("holdfast: error: no such command 'sreve'")
    assert said.count("\n") == 1


def test_no_verb_at_all_is_answered_with_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Usage: holdfast" in capsys.readouterr().err
