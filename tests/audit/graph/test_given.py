"""What a function leaves out because of the arguments it is called with. `ask()` is what may be left out."""

from __future__ import annotations

import pytest

from holdfast.audit.graph.given import is_skipped, is_spared
from holdfast.audit.rules.calls import calls_in
from holdfast.audit.source.inside import word
from tests.audit.project import whole


def asked(judge, body: str, call: str) -> bool:  # type: ignore[no-untyped-def]
    """Return what `judge` says of `ask` in a function of this body, when it is run by `call`."""
    program = whole(f"def f(key=None, on=False):\n    {body}\ndef g(key, rest):\n    {call}\n").program
    f, g = (one for _, one in program.functions())
    inner = next(each for each in calls_in(f.body) if word(each[1]) == "ask")
    return judge(f, next(each for each in calls_in(g.body) if word(each[1]) == "f"), inner)


@pytest.mark.parametrize(
    ("body", "call"),
    [
        ("if on: ask()", "f()"),
        ("if on: ask()", "f(key, False)"),
        ("if key is not None: ask(key)", "f()"),
        ("if key is not None and not ask(key): return", "f(on=True)"),
    ],
)
def test_a_call_that_hangs_on_an_argument_that_is_off(body: str, call: str) -> None:
    assert asked(is_skipped, body, call)


@pytest.mark.parametrize(
    ("body", "call"),
    [
        ("if on: ask()", "f(on=True)"),
        ("if on: ask()", "f(**rest)"),
        ("if key is not None: ask(key)", "f(key)"),
        ("ask(key)", "f()"),
        ("if other: ask()", "f()"),
    ],
)
def test_a_call_that_is_made(body: str, call: str) -> None:
    assert not asked(is_skipped, body, call)


def test_what_the_caller_brings_is_not_asked_for() -> None:
    assert asked(is_spared, "rows = key if key is not None else ask()", "f(key)")
    assert asked(is_spared, "key = key or ask()", "f(key=key)")
    assert asked(is_spared, "rows = key\n    if rows is None: rows = ask()", "f(key)")
    assert not asked(is_spared, "rows = key or ask()", "f()")
    assert not asked(is_spared, "rows = ask()", "f(key)")
