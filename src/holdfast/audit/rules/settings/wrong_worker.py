"""HF963: Gunicorn starts an ASGI app with its default worker, which speaks WSGI."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Finding, Severity
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.gunicorn import settings
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.settings.form import Launch
from holdfast.audit.source import form
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_APPS = frozenset({"fastapi.FastAPI", "fastapi.applications.FastAPI", "starlette.applications.Starlette"})


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each command that starts Gunicorn with an ASGI app and without a worker class."""
    known = list(settings(whole))
    if any("worker_class" in each.values for each in known if each.launch is None):
        return
    for each in known:
        launch = each.launch
        if launch is None or {"worker_class", "config"} & each.values.keys():
            continue
        if "GUNICORN_CMD_ARGS" not in launch.environment and _is_asgi(whole, launch):
            yield stated(
                RULE,
                (launch.file, launch.line),
                f"Gunicorn runs the ASGI app {launch.command.app} with its default worker, which speaks WSGI",
                "Add `--worker-class uvicorn_worker.UvicornWorker`",
                severity=Severity.HIGH,
            )


def _is_asgi(whole: Whole, launch: Launch) -> bool:
    """Whether the app that a command names is one of FastAPI, as far as the project's modules tell."""
    path, _, name = launch.command.app.partition(":")
    file = f"/{path.replace('.', '/')}.py"
    return any(
        _APPS.intersection(whole.named((form.NAME, name), number))
        for number, each in enumerate(whole.program.paths)
        if f"/{each}".endswith(file)
    )


RULE = Rule(
    code="HF963",
    name="wsgi-worker",
    what="Gunicorn starts a FastAPI app with its default worker class, which speaks WSGI.",
    why=(
        "Gunicorn's default worker calls the app as a WSGI function and serves one request at a time. A "
        "FastAPI app speaks ASGI: each request ends with an error, or, behind an adapter, waits for the one "
        "before."
    ),
    limits="Only where the app is found in the project; a worker class in the environment is not seen.",
    bad="""
FROM python:3.12-slim
CMD ["gunicorn", "main:app", "--workers", "4"]
# file: main.py
from fastapi import FastAPI
app = FastAPI()
""",
    good="""
FROM python:3.12-slim
CMD ["gunicorn", "main:app", "--workers", "4", "--worker-class", "uvicorn_worker.UvicornWorker"]
# file: main.py
from fastapi import FastAPI
app = FastAPI()
""",
    find=find,
    file="Dockerfile",
)
