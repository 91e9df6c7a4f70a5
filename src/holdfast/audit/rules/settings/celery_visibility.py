"""HF974: a task that still runs is given to a second worker."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Finding, Severity
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.celery import Celery, celery, number, uses_celery
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.source import form
from holdfast.audit.whole import Whole

__all__ = ["RULE"]


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding where the visibility timeout is shorter than what a task may take."""
    found = celery(whole)
    options = found.settings.get("broker_transport_options")
    if options is None or options.value[0] != form.DICT:
        return
    pairs = zip(options.value[1], options.value[2], strict=True)
    visible = number(next((value for key, value in pairs if key == (form.TEXT, "visibility_timeout")), None))
    longest = _longest(found)
    if visible is not None and longest > visible:
        yield stated(
            RULE,
            (options.file, options.line),
            f"a task may take {longest:g} s, and after {visible:g} s another worker gets it too",
            f"Set visibility_timeout above {longest:g}, or the time limit below it",
            severity=Severity.HIGH,
        )


def _longest(found: Celery) -> float:
    """Return the longest time limit of the tasks that are acknowledged at their end; 0 without one."""
    late = found.settings.get("task_acks_late")
    everywhere = late is not None and late.value == (form.CONST, True)
    common = found.settings.get("task_time_limit")
    longest = 0.0
    for task in found.tasks:
        if everywhere or task.option("acks_late") == (form.CONST, True):
            own = number(task.option("time_limit"))
            limit = own if own is not None else number(common.value if common is not None else None)
            longest = max(longest, limit or 0.0)
    return longest


RULE = Rule(
    code="HF974",
    name="visibility-too-short",
    what="Celery's visibility timeout is shorter than the time that a late-acknowledged task may take.",
    why=(
        "Redis and SQS give a message to another worker when it was not acknowledged within the visibility "
        "timeout. A task that is acknowledged at its end, and still runs, then runs a second time beside the "
        "first."
    ),
    limits="Only numbers that are written, as time limits and in broker_transport_options.",
    bad="""
from celery import Celery

app = Celery("shop", broker="redis://queue")
app.conf.broker_transport_options = {"visibility_timeout": 60}

@app.task(acks_late=True, time_limit=600)
def settle(order: int): ...
""",
    good="""
from celery import Celery

app = Celery("shop", broker="redis://queue")
app.conf.broker_transport_options = {"visibility_timeout": 900}

@app.task(acks_late=True, time_limit=600)
def settle(order: int): ...
""",
    find=find,
    gathers=(uses_celery,),
)
