from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from holdfast.budget import Budget, Loaded, load
from holdfast.gate.conduct import Options
from holdfast.gate.conduct.offer import Replay


def test_the_same_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my budget.toml").write_text("[env.ci.service]\nworkers = 1\n")
    monkeypatch.chdir(tmp_path)
    loaded = load(Path("my budget.toml"), environment="ci", environ={})
    command = Options("shop.main:app", 7).reproduce(loaded)
    assert shlex.split(command) == [
        "holdfast", "gate", "shop.main:app", "--budget", "my budget.toml", "--seed", "7", "--env", "ci",
    ]  # fmt: skip


def test_the_same_replay_again() -> None:
    options = Options("a:b", replay=Replay(Path("access.log"), 2.5))
    words = shlex.split(options.reproduce(Loaded(Budget(), Path("holdfast.toml"))))
    assert words[-4:] == ["--replay", "access.log", "--speed", "2.5"]


def test_no_environment_is_no_option() -> None:
    words = shlex.split(Options("a:b").reproduce(Loaded(Budget(), Path("holdfast.toml"))))
    assert "--env" not in words
    assert words[words.index("--seed") + 1] == "1"
