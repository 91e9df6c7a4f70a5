"""HF301: a task that nobody keeps."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.graph import value as v
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.rules.calls import functions
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.tasks.endless import is_endless
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.whole import Whole

__all__ = ["MAKERS", "RULE"]

MAKERS = frozenset(
    {
        *("asyncio.create_task", "asyncio.ensure_future", "asyncio.get_event_loop.create_task"),
        *("asyncio.get_running_loop.create_task", "asyncio.new_event_loop.create_task"),
        "asyncio.AbstractEventLoop.create_task",
    }
)

_MESSAGE = "nobody keeps this task: it may be collected before it is done, and its error is lost"
_FIX = "Keep it in a set and discard it when done, or start it in an `asyncio.TaskGroup`"


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each task that is made in a statement of its own."""
    for key, function in whole.program.functions():
        for statement in statements(function.body):
            if statement[0] != form.DO or statement[1][0] != form.CALL:
                continue
            call = statement[1]
            for one in whole.inference.values(call[1], Place(*key)):
                if one[0] == v.OUTSIDE and one[1] in MAKERS:
                    yield found(
                        RULE,
                        whole,
                        key,
                        (call[4], call[5]),
                        _MESSAGE,
                        _FIX,
                        confidence=_confidence(whole, key, call),
                        chain=(whole.step(key, call[4], one[1]),),
                    )
                    break


def _confidence(whole: Whole, key: FunctionKey, call: Expression) -> Confidence:
    """Low outside of the service, and for a loop of its own that turns and logs its errors."""
    started = call[2][0] if call[2] and call[2][0][0] == form.CALL else None
    coroutines = list(functions(whole, started[1], key)) if started is not None else []
    endless = bool(coroutines) and all(is_endless(whole.program.function(one)) for one in coroutines)
    return Confidence.HIGH if key[0] in whole.served and not endless else Confidence.LOW


RULE = Rule(
    code="HF301",
    name="task-without-reference",
    what="A task is started and the only reference to it is dropped.",
    why=(
        "The event loop keeps weak references only: a task that waits may be collected as garbage in the "
        "middle of its work. Its exception is told when it is collected, if ever, and a shutdown does not "
        "wait for it."
    ),
    limits="A task that is kept in a name and then forgotten is not seen. Low confidence for a loop that "
    "turns for as long as the service runs and logs its own errors.",
    bad="""
import asyncio

async def audit_log(order): ...

async def order(order):
    asyncio.create_task(audit_log(order))
""",
    good="""
import asyncio

tasks = set()

async def audit_log(order): ...

async def order(order):
    task = asyncio.create_task(audit_log(order))
    tasks.add(task)
    task.add_done_callback(tasks.discard)
""",
    find=find,
    by_module=True,
)
