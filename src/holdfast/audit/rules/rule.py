"""What a rule is: its words and its detector, in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from holdfast.audit.finding import Finding
from holdfast.audit.whole import Whole

__all__ = ["Rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """`code` is stable ("HF101"), `name` is what people say ("blocking-call").

    `what`, `why` and `limits` are shown by `holdfast explain`, on the page of the rule and in SARIF; `bad`
    and `good` are the examples there, and a test runs the detector over them: it finds `bad` and not `good`.
    They are texts of `file`; what follows a line `# file: NAME` is another file's.
    """

    code: str
    name: str
    what: str
    why: str
    limits: str
    bad: str
    good: str
    find: Callable[[Whole], Iterator[Finding]]
    file: str = "main.py"
    by_module: bool = False
    """Whether it finds the same when it is asked about each module by itself, see `Part`; then what it found
    is kept for the next audit."""
    gathers: tuple[Callable[[Whole], Any], ...] = ()
    """The questions whose answers it joins, see `gathered`: of a rule about the whole program."""
