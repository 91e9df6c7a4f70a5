"""A command line is taken apart as the system and the shell would."""

from __future__ import annotations

import shlex

import pytest

from holdfast.audit.settings.command import Command, of_shell, of_words

APP = "shop.main:app"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"uvicorn {APP}", Command("uvicorn", APP)),
        (f"uvicorn --reload {APP} --port 80", Command("uvicorn", APP, {"reload": "", "port": "80"})),
        (f"uvicorn {APP} --workers=4", Command("uvicorn", APP, {"workers": "4"})),
        (f"/venv/bin/uvicorn {APP}", Command("uvicorn", APP)),
        (f"python3 -m uvicorn {APP}", Command("uvicorn", APP)),
        (f"poetry run uvicorn {APP}", Command("uvicorn", APP)),
        (f"uv run --no-dev uvicorn {APP}", Command("uvicorn", APP)),
        (f"tini -- uvicorn {APP}", Command("uvicorn", APP)),
        (f"PORT=1 exec uvicorn {APP}", Command("uvicorn", APP, {}, replaces=True)),
        (f"gunicorn -w 4 -k w.W {APP}", Command("gunicorn", APP, {"workers": "4", "worker-class": "w.W"})),
        ("fastapi dev main.py", Command("fastapi", "main.py", {"reload": ""})),
        ("python main.py --reload", Command("python", "main.py", {"reload": ""})),
        ("python -m shop", Command("python", "", {"module": "shop"})),
        (f"sh -c 'migrate && uvicorn {APP}'", Command("uvicorn", APP)),
        ("nginx -g daemon", None),
        ("python", Command("python")),
        ("", None),
    ],
)
def test_words(line: str, expected: Command | None) -> None:
    assert of_words(shlex.split(line)) == expected


def test_a_shell_starts_several() -> None:
    found = list(
        of_shell(f"alembic upgrade head && celery -A shop worker & exec uvicorn {APP} \\\n --port $PORT")
    )
    assert [one.server for one in found] == ["celery", "uvicorn"]
    assert found[1].replaces
    assert found[1].options == {"port": "$PORT"}


def test_a_quote_that_nobody_closes_starts_nothing() -> None:
    assert list(of_shell("uvicorn 'app")) == []


def test_numbers() -> None:
    command = Command("gunicorn", options={"timeout": "0", "workers": "$WORKERS"})
    assert command.number("timeout") == 0
    assert command.number("workers") is None
    assert command.number("bind") is None
