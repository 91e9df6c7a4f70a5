"""[audit]: what the owner of the code knows that the audit cannot: which calls block, and which do not."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

from holdfast.budget.metadata import Fact
from holdfast.budget.model.section import Section

__all__ = ["Audit", "Sink"]

_PATH = re.compile(r"[A-Za-z_]\w*(\.([A-Za-z_]\w*(\(\))?|\*))*")
"""A dotted path; `*` stands for any name below, `()` for what a call gives."""


def _path(value: str) -> str:
    if not _PATH.fullmatch(value) or "." not in value:
        raise ValueError(
            f'expected the path of a call as it is imported, such as "acme.Client.fetch" or "acme.Client.*", '
            f'got "{value}"'
        )
    return value


CallPath = Annotated[str, AfterValidator(_path)]
"""What is called, as it is imported: "acme.Client.fetch", "acme.Client.*"."""


class Sink(Section):
    """A call that blocks whoever makes it."""

    call: Annotated[CallPath, Fact('What is called, as it is imported: `"acme.Client.fetch"`, `"acme.*"`.')]
    kind: Annotated[
        Literal["network", "database", "disk", "process", "sleep", "cpu", "lock", "model"],
        Fact("What it waits for: network, database, disk, process, sleep, cpu, lock, model."),
    ]
    severity: Annotated[
        Literal["high", "medium", "low"] | None,
        Fact("How much it hurts on the event loop; by default as its kind does."),
    ] = None
    fix: Annotated[str | None, Fact("What to do instead, in words; by default: call it in a thread.")] = None
    timeout: Annotated[
        str | None, Fact("The parameter that limits how long it waits, where it waits for ever without.")
    ] = None


class Audit(Section):
    """What `holdfast audit` is told of calls that it does not know."""

    sink: Annotated[tuple[Sink, ...], Fact("Calls that block, one `[[audit.sink]]` each.")] = ()
    harmless: Annotated[
        tuple[CallPath, ...], Fact("Calls that do not block, though a rule of the audit says they do.")
    ] = ()
    offloads: Annotated[
        tuple[CallPath, ...], Fact("Calls that run the functions they are given in a thread or a process.")
    ] = ()
