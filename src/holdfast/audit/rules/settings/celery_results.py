"""HF973: results of tasks are kept for ever."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Finding, Severity
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.celery import celery, number, uses_celery
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.source import form
from holdfast.audit.whole import Whole

__all__ = ["RULE"]


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding where `result_expires` is None or 0."""
    expires = celery(whole).settings.get("result_expires")
    if expires is not None and (expires.value == (form.CONST, None) or number(expires.value) == 0):
        yield stated(
            RULE,
            (expires.file, expires.line),
            "the results of all tasks are kept for ever: the result backend fills up",
            "Set result_expires to how long somebody asks for a result, or task_ignore_result=True",
            severity=Severity.MEDIUM,
        )


RULE = Rule(
    code="HF973",
    name="results-kept-for-ever",
    what="Celery's `result_expires` is None or 0: results are never deleted.",
    why=(
        "Each task leaves a result. In Redis they fill the memory until it refuses writes, of the queue as "
        "well if that lives there; in a database the table grows until its queries are slow."
    ),
    limits="A value that is computed is not seen.",
    bad="""
from celery import Celery

app = Celery("shop", broker="redis://queue", backend="redis://queue")
app.conf.result_expires = None
""",
    good="""
from celery import Celery

app = Celery("shop", broker="redis://queue", backend="redis://queue")
app.conf.result_expires = 3600
""",
    find=find,
    gathers=(uses_celery,),
)
