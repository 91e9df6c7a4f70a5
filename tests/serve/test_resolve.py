from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from holdfast.budget import Loaded
from holdfast.errors import BudgetError, UsageError
from holdfast.serve.environment import told
from holdfast.serve.gunicorn import settings
from holdfast.serve.launch import ORDER, command
from holdfast.serve.options import GRACE, Options
from holdfast.serve.resolve import app_of, budget_of, numbers_of, server_of, trusted_of


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HOLDFAST_BUDGET", "HOLDFAST_ENV"):
        monkeypatch.delenv(name, raising=False)


def budget(text: str) -> Loaded:
    Path("holdfast.toml").write_text(dedent(text))
    return budget_of(None, None)


def test_without_a_budget_everything_has_its_mechanism_default() -> None:
    loaded = budget_of(None, None)
    assert loaded.path is None
    workers, announce, grace = numbers_of(None, loaded)
    assert workers >= 1
    assert (announce, grace) == (0.0, GRACE)


def test_the_commands_workers_come_first_then_the_budgets() -> None:
    loaded = budget("[service]\nworkers = 3\n")
    assert numbers_of(None, loaded)[0] == 3
    assert numbers_of(5, loaded)[0] == 5


@pytest.mark.parametrize(
    ("text", "announce", "grace"),
    [
        ("[drain]\nannounce = '5s'\ngrace = '20s'\n", 5.0, 15.0),
        ("[drain]\nannounce = '5s'\n", 5.0, GRACE),
        ("[drain]\nannounce = '5s'\n[deadline]\ndefault = '3s'\n", 5.0, 5.0),
        ("[drain]\nannounce = '5s'\ntermination = '30s'\n", 5.0, 24.0),
        ("[drain]\nannounce = '5s'\ntermination = '90s'\n", 5.0, GRACE),
    ],
)
def test_the_budgets_grace_runs_from_the_signal(text: str, announce: float, grace: float) -> None:
    assert numbers_of(None, budget(text))[1:] == (announce, pytest.approx(grace))


def test_the_app_is_the_commands_else_the_budgets() -> None:
    loaded = budget("[service]\napp = 'shop.main:app'\n")
    assert app_of(None, loaded) == "shop.main:app"
    assert app_of("other:create()", loaded) == "other:create()"
    with pytest.raises(UsageError, match="no app is named"):
        app_of(None, budget("[loop]\nkill = '3s'\n"))


@pytest.mark.parametrize("text", ["a", "a:", ":a", "a.b", "a b:c", "a:b.c", "1:a", "a:1", "a/b.py:app"])
def test_what_is_no_app_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected MODULE:ATTRIBUTE"):
        app_of(text, Loaded(budget("").budget))


def test_gunicorns_own_limits_lie_behind_ours() -> None:
    options = Options(app="a:b", workers=2, kill=30.0, grace=10.0)
    made = settings(options, 7)
    assert made["timeout"] > options.kill
    assert made["graceful_timeout"] >= options.grace > options.finishing
    assert made["control_socket_disable"] is True
    assert made["bind"] == ["fd://7"]


def test_workers_are_told_what_the_budget_does_not_say() -> None:
    path = Path("/b/holdfast.toml")
    assert "HOLDFAST_SERVICE__WORKERS" not in told(Options(app="a:b", workers=2, budget=path), Path("/x"))
    said = told(Options(app="a:b", workers=2, workers_said=True, budget=path), Path("/x"))
    assert said["HOLDFAST_SERVICE__WORKERS"] == "2"
    assert said["HOLDFAST_BUDGET"] == str(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[deadline]\ndefault = '20s'\n[drain]\nannounce = '5s'\ngrace = '25s'\n",
            "holdfast.toml:5: drain.grace: 25s is not above announce + longest deadline (25s)",
        ),
        (
            "[deadline]\ndefault = '20s'\n[drain]\nannounce = '5s'\ntermination = '28s'\n",
            "holdfast.toml:5: drain.termination: 28s is not above grace + 1s to kill (28s)",
        ),
        (
            "[drain]\nannounce = '5s'\ngrace = '30s'\ntermination = '30s'\n",
            "holdfast.toml:4: drain.termination: 30s is not above grace + 1s to kill (31s)",
        ),
        (
            "[drain]\nannounce = '30s'\ntermination = '30s'\n",
            "holdfast.toml:3: drain.termination: 30s is not above announce (30s)",
        ),
    ],
)
def test_times_that_do_not_fit_into_one_another_are_an_error(text: str, message: str) -> None:
    with pytest.raises(BudgetError) as caught:
        numbers_of(None, budget(text))
    assert str(caught.value).startswith(message)


def test_times_that_just_fit_are_none() -> None:
    loaded = budget("[deadline]\ndefault = '20s'\n[drain]\nannounce = '5s'\ntermination = '29s'\n")
    assert numbers_of(None, loaded)[1:] == (5.0, pytest.approx(22.0))


def test_the_server_is_the_commands_else_the_budgets() -> None:
    loaded = budget("[service]\nserver = 'uvicorn'\n")
    assert server_of(None, loaded) == "uvicorn"
    assert server_of("gunicorn", loaded) == "gunicorn"
    assert server_of(None, budget_of(None, None)) == "uvicorn"
    with pytest.raises(UsageError, match="--server: expected one of gunicorn, uvicorn, granian"):
        server_of("hypercorn", loaded)


def test_a_server_that_is_not_installed_is_said_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"--server: granian is not installed: .*holdfast\[serve,granian\]"):
        server_of("granian", budget_of(None, None))


def test_only_proxies_that_write_the_header_are_believed_in_it() -> None:
    assert trusted_of(budget_of(None, None)) == ()
    assert trusted_of(budget("[trust]\nproxies = ['10.0.0.0/8', 'unix']\n")) == ("10.0.0.0/8",)
    assert trusted_of(budget("[trust]\nproxies = ['10.0.0.0/8']\nheader = 'forwarded'\n")) == ()


def test_the_master_is_the_servers() -> None:
    words, order = command(Options(app="app:app", workers=2, server="gunicorn"), 7)
    assert words[1:] == ["-m", "holdfast.serve.gunicorn", "app:app"]
    assert '"fd://7"' in order[ORDER]
    words, order = command(Options(app="app:app", workers=2, server="granian"), 7)
    assert words[1:] == ["-m", "holdfast.serve.crew", "app:app"]
    assert '"server": "granian"' in order[ORDER]
