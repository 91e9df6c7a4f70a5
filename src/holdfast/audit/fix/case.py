"""A finding with all that its fixer asks about: the program, the text, and the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import libcst as cst

from holdfast.audit.finding import Finding
from holdfast.audit.fix.draft import Draft
from holdfast.audit.fix.edit import Edit, Fix, Import, Top
from holdfast.audit.fix.numbers import Number, Numbers
from holdfast.audit.fix.place import function_at
from holdfast.audit.fix.project import Project, Texts
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.whole import Whole

__all__ = ["Case", "Drafts", "Fixer", "last_name", "one_call"]


class Drafts:
    """The files of a project as `texts` have them, each opened when a fix first needs it.

    `before`: drafts of other texts; files that are the same there are taken over. `troubles`: why a file is
    not touched.
    """

    def __init__(self, project: Project, texts: Texts, before: Drafts | None = None) -> None:
        self._project = project
        self._texts = texts
        self._opened: dict[str, Draft | None] = {}
        self.troubles: dict[str, str] = {}
        if before is not None:
            same = {file for file in before._opened if texts.get(file) == before._texts.get(file)}
            self._opened.update((file, before._opened[file]) for file in same)
            self.troubles.update((file, why) for file, why in before.troubles.items() if file in same)

    def open(self, file: str) -> Draft | None:
        """Return a file's draft; None where it cannot be changed."""
        if file not in self._opened:
            try:
                data = self._texts.get(file)
                self._opened[file] = Draft(file, self._project.original(file) if data is None else data)
            except OSError as error:
                self._none(file, error.strerror or str(error))
            except cst.ParserSyntaxError as error:
                self._none(file, f"line {error.raw_line} cannot be parsed")
            except (ValueError, LookupError, RecursionError) as error:
                self._none(file, str(error) or type(error).__name__)
        return self._opened[file]

    def _none(self, file: str, why: str) -> None:
        self._opened[file] = None
        self.troubles[file] = why


@dataclass(frozen=True, slots=True)
class Case:
    """`draft` is the file of the finding."""

    finding: Finding
    whole: Whole
    draft: Draft
    numbers: Numbers
    drafts: Drafts

    def key(self) -> FunctionKey | None:
        """Return the innermost function around the finding."""
        return function_at(self.whole, self.finding.file, self.finding.line)

    def call(self, word: str = "") -> cst.Call | None:
        """Return the call at the place of the finding; `word` is its last name where several begin there."""
        return one_call(self.draft.calls(self.finding.line, self.finding.column - 1), word)

    def fix(
        self,
        what: str,
        *changes: tuple[cst.CSTNode, Callable[..., object]],
        imports: tuple[tuple[str, str], ...] = (),
        tops: tuple[Top, ...] = (),
        check: str = "",
    ) -> Fix:
        """Return a fix that changes nodes of the finding's file, and imports (module, name) there."""
        file = self.finding.file
        return Fix(
            self.finding,
            what,
            tuple(Edit(file, node, change) for node, change in changes),  # type: ignore[arg-type]
            tuple(Import(file, module, name) for module, name in imports),
            tops,
            check,
        )

    def named(self, number: Number) -> Number:
        """Return `number`, under another name where the file has that one for something else."""
        mine = number.top(self.finding.file).code in self.draft.module.code
        return number if mine else replace(number, name=self.free(number.name))

    def constants(self, *numbers: Number) -> tuple[Top, ...]:
        """Return the definitions of those that the file does not have yet."""
        tops = (one.top(self.finding.file) for one in numbers)
        return tuple(top for top in tops if top.code not in self.draft.module.code)

    def free(self, name: str, within: cst.CSTNode | None = None) -> str:
        """Return `name`, or one like it, that does not occur in the file, or in a part of it."""
        taken, number = self.draft.names(within), 2
        found = name
        while found in taken:
            found, number = f"{name}_{number}", number + 1
        return found


Fixer: TypeAlias = Callable[[Case], "Fix | None"]
"""Returns what mends a finding; None where it knows nothing."""


def one_call(calls: list[cst.Call], word: str) -> cst.Call | None:
    """Return the one call, or the one whose last name is `word`."""
    named = [call for call in calls if last_name(call.func) == word] if word else []
    found = named or calls
    return found[0] if len(found) == 1 else None


def last_name(expression: cst.BaseExpression) -> str:
    """Return "get" of `client.get`; "" for what has no name."""
    if isinstance(expression, cst.Attribute):
        return expression.attr.value
    return expression.value if isinstance(expression, cst.Name) else ""
