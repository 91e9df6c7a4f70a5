"""Celery's settings and tasks, as far as the program writes them down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from holdfast.audit.gathered import gathered
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.rules.calls import calls_in, keyword
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Statement
from holdfast.audit.source.inside import word
from holdfast.audit.whole import Whole

__all__ = ["Celery", "Setting", "Task", "celery", "number", "uses_celery"]

_OLD = {
    "celeryd_task_time_limit": "task_time_limit",
    "celeryd_task_soft_time_limit": "task_soft_time_limit",
    "task_result_expires": "result_expires",
    "acks_late": "task_acks_late",
}
"""Names of Celery 3, without their prefix."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value, and where it is given."""

    value: Expression
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Task:
    """A function that is a task, with the options of its decorator."""

    function: FunctionKey
    options: Expression | None

    def option(self, name: str) -> Expression | None:
        """Return an option; None where it is not given."""
        return keyword(self.options, name) if self.options is not None else None


@dataclass(slots=True)
class Celery:
    """`apps` are the places that make one. `complete`: no setting can come from where nobody looked."""

    apps: list[tuple[str, int]] = field(default_factory=list)
    settings: dict[str, Setting] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    complete: bool = True


def celery(whole: Whole) -> Celery:
    """Return what the program says of Celery; without apps where it does not use it."""
    found = Celery()
    for number, uses in enumerate(gathered(whole, uses_celery)):
        if not uses:
            continue
        module = whole.program.modules[number]
        for body in (module.body, *(function.body for function in module.functions)):
            _settings(whole, found, number, body)
        for function in module.functions:
            for decorator in function.decorators:
                call = decorator if decorator[0] == form.CALL else None
                if word(call[1] if call is not None else decorator) in ("task", "shared_task"):
                    found.tasks.append(Task((number, function.index), call))
    return found


def uses_celery(whole: Whole) -> bool:
    """Whether a module imports Celery; what asks for its settings gathers this."""
    paths = (path for _, module in whole.program.numbered() for path in module.imports.values())
    return any(path.partition(".")[0] == "celery" for path in paths)


def number(value: Expression | None) -> float | None:
    """Return a number that is written; None for anything else."""
    return float(value[1]) if value is not None and value[0] == form.NUMBER else None


def _settings(whole: Whole, found: Celery, number: int, body: tuple[Statement, ...]) -> None:
    file = whole.path(number)
    for statement in statements(body):
        target = statement[1] if statement[0] == form.ASSIGN else None
        if target is not None and target[0] == form.ATTR and word(target[1]) == "conf":
            _note(found, target[2], Setting(statement[2], file, statement[-1]))
    for call in calls_in(body):
        if word(call[1]) == "Celery" and "celery.Celery" in whole.named(call[1], number):
            found.apps.append((file, call[4]))
            found.complete &= all(name not in (None, "config_source", "changes") for name, _ in call[3])
        elif word(call[1]) == "update" and call[1][0] == form.ATTR and word(call[1][1]) == "conf":
            for name, value in _pairs(call):
                _note(found, name, Setting(value, file, call[4]))
            found.complete &= all(name is not None for name, _ in call[3])
        elif word(call[1]) == "config_from_object":
            found.complete &= _of_object(whole, found, number, call)
        elif word(call[1]) in ("config_from_envvar", "config_from_cmdline"):
            found.complete = False


def _pairs(call: Expression) -> Iterator[tuple[str, Expression]]:
    yield from ((name, value) for name, value in call[3] if name is not None)
    for given in call[2]:
        if given[0] == form.DICT:
            yield from (
                (key[1], value) for key, value in zip(given[1], given[2], strict=True) if key[0] == form.TEXT
            )


def _of_object(whole: Whole, found: Celery, number: int, call: Expression) -> bool:
    """Note the settings of the module or class that `config_from_object` names; False where none is found."""
    given = call[2][0] if call[2] else (form.CONST, None)
    imports = whole.program.top[number].imports
    path = given[1] if given[0] == form.TEXT else imports.get(word(given), word(given))
    *folders, name = str(path).replace(":", ".").strip(".").split(".")
    for other, file in enumerate(whole.program.paths):
        where = file.removesuffix(".py").removesuffix("/__init__").split("/")
        bodies = []
        if where[-len(folders) - 1 :] == [*folders, name]:
            bodies.append(whole.program.modules[other].body)
        if where[-len(folders) :] == folders or (not folders and other == number):
            bodies += [one.body for one in whole.program.modules[other].classes if one.name == name]
        for body in bodies:
            for statement in body:
                _assigned(found, file, statement)
            return True
    return False


def _assigned(found: Celery, file: str, statement: Statement) -> None:
    if statement[0] == form.ASSIGN:
        _note(found, word(statement[1]), Setting(statement[2], file, statement[-1]))
    elif statement[0] == form.ANNOTATE and statement[3] is not None:
        _note(found, word(statement[1]), Setting(statement[3], file, statement[-1]))


def _note(found: Celery, name: str, setting: Setting) -> None:
    """Note a setting by its name of today: CELERY_TASK_TIME_LIMIT is task_time_limit."""
    plain = name.lower().removeprefix("celery_")
    found.settings[_OLD.get(plain, plain)] = setting
