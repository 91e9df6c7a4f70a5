"""What a function does only where its memo has no answer. `make()` is what is asked about."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.graph.once import memoised
from holdfast.audit.rules.calls import calls_in
from holdfast.audit.source.inside import word
from tests.audit.project import whole


def behind(body: str, *, instances: bool = False, head: str = "def f(name, user_id):") -> set[str]:
    """Return the names of the calls behind the memo of a function with this body."""
    text = f"{head}\n{textwrap.indent(textwrap.dedent(body), '    ')}"
    if "self" in head or "cls" in head:
        text = f"class Service:\n{textwrap.indent(text, '    ')}"
    program = whole("import logging\nMADE = {}\nclass Owner: ...\n" + text).program
    function = next(one for _, one in program.functions() if one.name == "f")
    found = memoised(function, instances=instances)
    return {word(call[1]) for call in calls_in(function.body) if id(call) in found}


@pytest.mark.parametrize(
    "body",
    [
        "if name not in MADE:\n    MADE[name] = make()\nreturn MADE[name]",
        "found = MADE.get(name)\nif found is not None:\n    return found\nfound = make()\nMADE[name] = found",
        "found = MADE.get(name)\nif found:\n    return found\nwith lock:\n    MADE[name] = make()",
        "try:\n    return MADE[name]\nexcept KeyError:\n    MADE[name] = make()",
        "if Owner.made is None:\n    Owner.made = make()\nreturn Owner.made",
        "with lock:\n    if name not in MADE:\n        MADE[name] = make()",
        "logger = logging.getLogger(name)\nif logger.handlers:\n    return logger\nmake()",
    ],
)
def test_a_memo_of_the_process(body: str) -> None:
    assert "make" in behind(body)


@pytest.mark.parametrize("app", ["name.app", "name.app.state", "server.app"])
def test_a_memo_of_the_app(app: str) -> None:
    assert "make" in behind(f"if {app}.made is None:\n    {app}.made = make()\nreturn {app}.made")
    assert "make" not in behind(f"{app}.made = make()\nreturn {app}.made")


def test_a_method_that_is_only_told_fills_what_was_missed() -> None:
    told = "if self.made is None:\n    self.make()\nreturn self.made"
    assert "make" in behind(told, instances=True, head="def f(self):")
    assert "make" not in behind(told, head="def f(self):")
    used = "if self.made is None:\n    return self.make()\nreturn self.made"
    assert "make" not in behind(used, instances=True, head="def f(self):")


@pytest.mark.parametrize(
    "body",
    [
        "if name:\n    made = make()\nreturn made",
        "MADE[name] = make()\nreturn MADE[name]",
        "made = {}\nif name not in made:\n    made[name] = make()",
        "if user_id not in MADE:\n    MADE[user_id] = make()",
        "if Owner.made and not is_old():\n    return Owner.made\nOwner.made = make()",
        "if name:\n    return None\nMADE[name] = make()",
    ],
)
def test_what_is_made_again_and_again(body: str) -> None:
    assert "make" not in behind(body)


def test_what_self_holds_is_a_memo_only_where_self_stays() -> None:
    body = "if self.made is None:\n    self.made = make()\nreturn self.made"
    assert "make" in behind(body, instances=True, head="def f(self):")
    assert "make" not in behind(body, head="def f(self):")
    assert "make" in behind(body.replace("self", "cls"), head="def f(cls):")
