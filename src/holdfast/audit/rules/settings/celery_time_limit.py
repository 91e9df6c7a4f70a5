"""HF972: a task may run for ever."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.rules.calls import calls, keyword
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.celery import Task, celery, uses_celery
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_LIMITS = ("time_limit", "soft_time_limit")

_REMOTE = frozenset(
    {
        *(
            "requests",
            "httpx",
            "httpx2",
            "aiohttp",
            "urllib3",
            "boto3",
            "aiobotocore",
            "openai",
            "anthropic",
            "stripe",
        ),
        *("smtplib", "paramiko", "ftplib", "grpc", "zeep", "playwright", "selenium", "subprocess"),
    }
)
"""Libraries whose calls take as long as somebody else likes."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for the first Celery app whose tasks have no limit of time."""
    found = celery(whole)
    started = [one.command for one in whole.settings.launches if one.command.server == "celery"]
    if not found.apps or not found.complete or any(f"task_{limit}" in found.settings for limit in _LIMITS):
        return
    if any(limit.replace("_", "-") in command.options for command in started for limit in _LIMITS):
        return
    free = [task for task in found.tasks if all(task.option(limit) is None for limit in _LIMITS)]
    if free:
        yield stated(
            RULE,
            found.apps[0] if len(free) == len(found.tasks) else _place(whole, free[0]),
            f"{len(free)} of {len(found.tasks)} tasks may run for ever: nothing limits their time",
            "Set task_soft_time_limit, and task_time_limit a little above it",
            severity=Severity.MEDIUM,
            confidence=Confidence.MEDIUM if any(_waits(whole, task) for task in free) else Confidence.LOW,
        )


def _waits(whole: Whole, task: Task) -> bool:
    """Whether a task itself calls another service, for as long as that likes."""
    return any(
        path.partition(".")[0] in _REMOTE and keyword(site.expression, "timeout") is None
        for site in calls(whole, task.function)
        for path in whole.named(site.expression[1], task.function)
    )


def _place(whole: Whole, task: Task) -> tuple[str, int]:
    return whole.path(task.function[0]), whole.program.function(task.function).line


RULE = Rule(
    code="HF972",
    name="task-without-time-limit",
    what="A Celery app has tasks without a limit of their time.",
    why=(
        "A task that waits for a server that hangs holds its worker process for ever. A few of them take all "
        "processes, and the queue behind them grows until somebody restarts the workers."
    ),
    limits=(
        "Where settings come from a module that is not found or from the environment, nothing is said. Low "
        "confidence where no such task itself calls another service without a timeout."
    ),
    bad="""
from celery import Celery

app = Celery("shop", broker="redis://queue")

@app.task
def settle(order: int): ...
""",
    good="""
from celery import Celery

app = Celery("shop", broker="redis://queue")
app.conf.update(task_soft_time_limit=50, task_time_limit=60)

@app.task
def settle(order: int): ...
""",
    find=find,
    gathers=(uses_celery,),
)
