"""HF962: Gunicorn's timeout is off, so that a worker that hangs hangs for ever."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.gunicorn import settings
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.whole import Whole

__all__ = ["RULE"]


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each configuration of Gunicorn whose timeout is 0."""
    for each in settings(whole):
        if each.values.get("timeout") == 0:
            yield stated(
                RULE,
                each.place("timeout"),
                "Gunicorn's timeout is 0: a worker whose event loop is stuck is never replaced",
                "Set it above the longest time that the loop may be blocked, such as 30",
                severity=Severity.MEDIUM,
                confidence=Confidence.MEDIUM,
            )


RULE = Rule(
    code="HF962",
    name="worker-never-replaced",
    what="Gunicorn's `timeout` is 0: nobody replaces a worker that hangs.",
    why=(
        "Gunicorn kills a worker that has not shown a sign of life for `timeout` seconds. With an "
        "asynchronous worker that is no limit of a request's time: the sign comes from the event loop, so "
        "only a loop that is blocked goes without. With 0, a deadlock takes a worker away until somebody "
        "looks."
    ),
    limits="A value that is computed, or that the environment gives, is not seen.",
    bad="""
FROM python:3.12-slim
CMD ["gunicorn", "main:app", "-k", "uvicorn_worker.UvicornWorker", "--timeout", "0"]
""",
    good="""
FROM python:3.12-slim
CMD ["gunicorn", "main:app", "-k", "uvicorn_worker.UvicornWorker", "--timeout", "30"]
""",
    find=find,
    file="Dockerfile",
)
