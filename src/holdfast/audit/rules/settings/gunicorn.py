"""Gunicorn's settings, from the command line and from its configuration in Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.audit.settings.form import Launch
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.whole import Whole

__all__ = ["Gunicorn", "settings"]

_FILES = frozenset({"gunicorn.conf.py", "gunicorn_conf.py", "gunicorn_config.py"})
_UNKNOWN = object()
"""A value that is worked out when the file is run."""


@dataclass(frozen=True, slots=True)
class Gunicorn:
    """`values` by the name that a setting has in Python ("max_requests"): text, number, True, False or None.

    `file` is where they are written, `lines` where each stands. `launch`: the command, None for a file.
    """

    file: str
    values: Mapping[str, Any]
    lines: Mapping[str, int]
    launch: Launch | None = None

    def place(self, name: str) -> tuple[str, int]:
        """Return file and line of a setting."""
        return self.file, self.lines[name]


def settings(whole: Whole) -> Iterator[Gunicorn]:
    """Yield the settings of each command that starts Gunicorn, and of each of its files."""
    for launch in whole.settings.launches:
        if launch.command.server == "gunicorn" and not launch.development:
            values = {
                name.replace("-", "_"): launch.command.number(name)
                if launch.command.number(name) is not None
                else value
                for name, value in launch.command.options.items()
            }
            yield Gunicorn(launch.file, values, dict.fromkeys(values, launch.line), launch)
    for number, path in enumerate(whole.program.paths):
        if path.rpartition("/")[2] in _FILES:
            module = whole.program.modules[number]
            found: dict[str, Any] = {}
            lines: dict[str, int] = {}
            for statement in module.body:
                if statement[0] == form.ASSIGN and statement[1][0] == form.NAME:
                    name = statement[1][1]
                    found[name], lines[name] = _value(statement[2]), statement[-1]
            yield Gunicorn(path, found, lines)


def _value(expression: Expression) -> Any:
    known = expression[0] in (form.TEXT, form.NUMBER, form.CONST)
    return expression[1] if known else _UNKNOWN
