"""`holdfast explain`: what a rule of the audit is about."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated

import typer

from holdfast.audit.report.advice import advice
from holdfast.audit.rules.catalogue import RULES
from holdfast.audit.rules.rule import Rule
from holdfast.errors import UsageError

__all__ = ["explain"]

_WIDTH = 100


def explain(
    rule: Annotated[
        str | None, typer.Argument(help="Its code (HF101) or its name (blocking-call); without, all of them.")
    ] = None,
) -> int:
    """Say what a rule of the audit finds, why it hurts, what it cannot see, and what is good instead.

    Ends with 0, or with 2 when there is no such rule.
    """
    for line in _all() if rule is None else _page(_rule(rule)):
        print(line)
    return 0


def _all() -> Iterator[str]:
    width = max(len(rule.name) for rule in RULES)
    for rule in RULES:
        yield f"{rule.code}  {rule.name:<{width}}  {rule.what}"


def _rule(wanted: str) -> Rule:
    names = {name: rule for rule in RULES for name in (rule.code.lower(), rule.name)}
    if (found := names.get(wanted.lower())) is not None:
        return found
    near = get_close_matches(wanted.lower(), names, n=1)
    hint = (
        f"did you mean {names[near[0]].code} ({names[near[0]].name})?"
        if near
        else "without a name all are listed"
    )
    raise UsageError(f"there is no such rule; {hint}", place=wanted)


def _page(rule: Rule) -> Iterator[str]:
    known = advice(rule.code)
    yield f"{rule.code} {rule.name}"
    yield ""
    yield from _wrapped(rule.what)
    for title, text in (("Why", rule.why), ("Trade-off", known.trade_off), ("Limits", rule.limits)):
        yield ""
        yield title
        yield from _wrapped(text, "  ")
    for title, code in (("Bad", rule.bad), ("Good", rule.good)):
        yield ""
        yield f"{title}, {rule.file}"
        yield from (f"    {line}".rstrip() for line in code.strip("\n").split("\n"))
    yield ""
    yield "Metrics that show it"
    yield from (f"  {name}" for name in known.metrics)
    yield ""
    yield f"Allow one place:  # holdfast: allow {rule.code} the reason until YYYY-MM-DD"


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent)
