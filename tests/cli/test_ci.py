"""`holdfast ci` in a repository of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.cli import main
from holdfast.cli.ci import FILE

BUDGET = '[service]\napp = "shop:app"\n[env.ci.service]\nworkers = 1\n'


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"  # some tests write beside it
    (folder / ".git").mkdir(parents=True)
    (folder / "holdfast.toml").write_text(BUDGET)
    (folder / "requirements.txt").write_text("fastapi\n")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("HOLDFAST_BUDGET", raising=False)
    return folder


def test_it_is_written_once_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ci"]) == 0
    assert capsys.readouterr().out == f"{FILE}: written\n"
    assert "holdfast gate --env ci" in FILE.read_text()
    assert main(["ci"]) == 0
    assert capsys.readouterr().out == f"{FILE}: says this already\n"


def test_what_says_something_else_is_not_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    FILE.parent.mkdir(parents=True)
    FILE.write_text("name: mine\n")
    assert main(["ci"]) == 2
    printed = capsys.readouterr()
    assert f"{FILE}: is there and says something else" in printed.err
    assert FILE.read_text() == "name: mine\n"
    assert main(["ci", "--force"]) == 0
    assert capsys.readouterr().out == f"{FILE}: written anew\n"
    assert FILE.read_text() != "name: mine\n"


def test_it_is_printed_without_being_written(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["ci", "shop.main:app", "--install", "make install", "--branch", "trunk", "--timeout", "9"]
    assert main([*words, "--no-sarif", "--print"]) == 0
    printed = capsys.readouterr().out
    for said in ("holdfast gate shop.main:app", "make install", "- trunk", "timeout-minutes: 9"):
        assert said in printed
    assert "upload-sarif" not in printed
    assert not FILE.exists()


def test_the_shell_of_who_calls_is_not_in_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ci", "--print"]) == 0
    plain = capsys.readouterr().out
    monkeypatch.setenv("HOLDFAST_REGRESSION__CPU", "15%")
    assert main(["ci", "--print"]) == 0
    assert capsys.readouterr().out == plain


def test_only_the_root_of_a_repository_has_workflows(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "below").mkdir()
    monkeypatch.chdir(repository / "below")
    assert main(["ci"]) == 2
    assert f"call it at the root of the repository: {repository}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--budget", "../holdfast.toml"], "--budget ../holdfast.toml: lies outside of the repository"),
        (["shop"], "APP: expected MODULE:ATTRIBUTE"),
        (["--env", "nosuch"], 'no environment is named "nosuch"'),
        (["--timeout", "0"], "--timeout: input should be greater than or equal to 1"),
    ],
)
def test_a_mistake_is_said_in_one_line(
    repository: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository.parent / "holdfast.toml").write_text(BUDGET)
    assert main(["ci", *words]) == 2
    assert said in capsys.readouterr().err
    assert not FILE.exists()


def test_without_an_app_there_is_nothing_to_gate(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "holdfast.toml").write_text('[service]\nname = "shop"\n')
    assert main(["ci"]) == 2
    assert "service.app: name the app" in capsys.readouterr().err
