"""The order of a drain: who does what, when, for how long, and what happens when it takes longer.

The table in docs/serve.md is made from this one (`python -m holdfast.service.drain.steps` prints it), and a
test walks a real service through it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["STEPS", "Step", "table"]


@dataclass(frozen=True, slots=True)
class Step:
    """A step; `serve` and `bare` say who takes it under `holdfast serve` and under a bare `uvicorn app:app`.

    `lasts`: from its beginning to the next step; `overrun`: what happens when that is not enough. Times are
    those of the budget and of `holdfast.budget.derive.ladder`.
    """

    name: str
    does: str
    serve: str
    bare: str
    lasts: str
    overrun: str


STEPS = (
    Step(
        "unready",
        "SIGTERM: `/readyz` turns 503; every answer says `connection: close`",
        "supervisor; each worker is told by a pipe",
        "`Holdfast(app)`, before Uvicorn sees the signal",
        "at once",
        "cannot",
    ),
    Step(
        "announce",
        "new connections are accepted and served, while balancers learn of it",
        "workers",
        "worker",
        "`drain.announce`",
        "a second signal ends it",
    ),
    Step(
        "turn away",
        "no new connection begins; those in the queue of the listener are accepted and served",
        "workers (Linux)",
        "nobody: Uvicorn closes the listener, and the kernel resets its queue",
        "up to 1.2 s",
        "the rest of the queue is reset",
    ),
    Step(
        "finish",
        "requests in flight are answered, with what Starlette runs in the background of an answer",
        "worker",
        "Uvicorn",
        "`drain.grace` - announce - 2 s",
        "streams are told to end all the same; at the end of the next step what is left is cancelled",
    ),
    Step(
        "streams",
        "`hold.draining` is set and `hold.on_drain` called; websockets are closed with 1012",
        "worker",
        "`Holdfast(app)`; Uvicorn closes websockets with 1012 one step earlier",
        "half of the 2 s",
        "they are cancelled: an answer breaks off, its client sees it incomplete",
    ),
    Step(
        "background",
        "tasks of `hold.background` come to their end",
        "`Holdfast(app)`, when the lifespan shuts down",
        "the same",
        "a quarter of the 2 s",
        "they are cancelled",
    ),
    Step(
        "close",
        "the app's lifespan shuts down; then the pools of `hold.http` and its like are closed",
        "`Holdfast(app)`",
        "the same",
        "the rest of the 2 s",
        "killed by the next step",
    ),
    Step(
        "kill",
        "SIGKILL to whatever is left of the process group",
        "supervisor",
        "nobody but the platform",
        "1 s after `drain.grace`",
        "cannot",
    ),
)
"""Nothing is begun before what stands above it has ended or had its time."""


def table() -> Iterator[str]:
    """Yield the lines of the Markdown table."""
    head = (
        "",
        "Step",
        "What happens",
        "Under `holdfast serve`",
        "Under a bare `uvicorn`",
        "Lasts",
        "If longer",
    )
    yield "| " + " | ".join(head) + " |"
    yield "|---|---|---|---|---|---|---|"
    for number, step in enumerate(STEPS, 1):
        cells = (step.name, step.does, step.serve, step.bare, step.lasts, step.overrun)
        yield f"| {number} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    print("\n".join(table()))
