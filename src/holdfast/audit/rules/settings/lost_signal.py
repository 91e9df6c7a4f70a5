"""HF965: a shell stands between the container and the server, and keeps the signal to end for itself."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Finding, Severity
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.settings.form import Launch
from holdfast.audit.whole import Whole

__all__ = ["RULE"]


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each server that an image starts as a child of its shell."""
    told: set[str] = set()  # the lines of a script are mended together
    for launch in whole.settings.launches:
        held = (
            launch.file not in told
            and launch.shell
            and launch.origin in ("Dockerfile", "script")
            and not launch.command.replaces
        )
        if held and not launch.development and launch.command.server != "python":
            told.add(launch.file)
            yield stated(
                RULE,
                (launch.file, launch.line),
                f"a shell starts {launch.command.server} and keeps SIGTERM for itself: requests are cut off "
                "when the container ends",
                _fix(launch),
                severity=Severity.MEDIUM,
            )


def _fix(launch: Launch) -> str:
    server = launch.command.server
    if launch.origin == "script":
        return f"Begin the line with `exec`, so that {server} takes the place of the shell"
    return f'Write the words as a list, `CMD ["{server}", ...]`, or begin with `exec`'


RULE = Rule(
    code="HF965",
    name="signal-lost",
    what="A shell starts the server and stays: it does not pass on the signal that asks for the end.",
    why=(
        "A container ends with SIGTERM to its first process, and SIGKILL ten or thirty seconds later. A "
        "shell that waits for its child does not hand the signal on: the server never drains, and each "
        "deployment cuts off the requests that it has."
    ),
    limits=(
        "Reads the CMD and ENTRYPOINT of a Dockerfile's last stage and the scripts that they start. Shells "
        "of Alpine, which become the command that they are given, are left out."
    ),
    bad="""
FROM python:3.12-slim
CMD alembic upgrade head && uvicorn main:app --host 0.0.0.0 --port $PORT
""",
    good="""
FROM python:3.12-slim
CMD alembic upgrade head && exec uvicorn main:app --host 0.0.0.0 --port $PORT
""",
    find=find,
    file="Dockerfile",
)
