"""HF975: a task that is repeated after a crash calls another service again."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.graph.sites import Site
from holdfast.audit.rules.calls import calls
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.celery import celery, uses_celery
from holdfast.audit.source import form
from holdfast.audit.source.inside import own, parts
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_WRITES = frozenset({"post", "create", "charge", "capture", "send", "send_message"})


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each call that another service sees twice when a task is repeated."""
    known = celery(whole)
    late = known.settings.get("task_acks_late")
    everywhere = late is not None and late.value == (form.CONST, True)
    for task in known.tasks:
        said = task.option("acks_late")
        if said == (form.CONST, True) or (everywhere and said != (form.CONST, False)):
            for site in calls(whole, task.function, _WRITES):
                path = _remote(whole, task.function, site)
                if path and not _has_key(whole, task.function):
                    yield found(
                        RULE,
                        whole,
                        task.function,
                        (site.line, site.column),
                        f"{path} is repeated when a worker dies: the task is acknowledged at its end",
                        "Pass an idempotency key that is the same at each attempt, such as the task's id",
                        severity=Severity.MEDIUM,
                        # The other side may well recognise what it has seen.
                        confidence=Confidence.LOW,
                        calls=path,
                    )


def _remote(whole: Whole, key: FunctionKey, site: Site) -> str:
    named = whole.named(site.expression[1], key)
    return next((path for path in named if whole.library.is_remote(path)), "")


def _has_key(whole: Whole, key: FunctionKey) -> bool:
    """Whether a function speaks of an idempotency key, in a header's name or an argument's."""
    for statement in statements(whole.program.function(key).body):
        for value in own(statement):
            for part in parts(value):
                words = [part[1]] if part[0] == form.TEXT else []
                words += [name for name, _ in part[3] if name] if part[0] == form.CALL else []
                if any("idempotency" in each.lower() for each in words):
                    return True
    return False


RULE = Rule(
    code="HF975",
    name="late-acknowledged-write",
    what="A Celery task with `acks_late` writes to another service without an idempotency key.",
    why=(
        "With acks_late a task whose worker dies is done again from its beginning: whatever it had done "
        "already is done a second time, a charge or a mail among them."
    ),
    limits="Low confidence: whether the other side recognises a repetition is not in the source.",
    bad="""
import requests
from celery import Celery

app = Celery("shop")

@app.task(acks_late=True, time_limit=60)
def charge(order: int):
    requests.post("http://payments/charges", json={"order": order}, timeout=1)
""",
    good="""
import requests
from celery import Celery

app = Celery("shop")

@app.task(acks_late=True, time_limit=60)
def charge(order: int):
    key = {"Idempotency-Key": f"order-{order}"}
    requests.post("http://payments/charges", json={"order": order}, headers=key, timeout=1)
""",
    find=find,
    gathers=(uses_celery,),
)
