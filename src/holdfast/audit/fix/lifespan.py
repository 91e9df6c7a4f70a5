"""The app's lifespan: where it is, and how something is opened in it that requests share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import libcst as cst
import libcst.matchers as m

from holdfast.audit.fix.arguments import with_keyword
from holdfast.audit.fix.case import Case, last_name, one_call
from holdfast.audit.fix.draft import Draft
from holdfast.audit.fix.edit import Edit, Import
from holdfast.audit.graph import value as v
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.sites import sites
from holdfast.audit.source import form

__all__ = ["Lifespan", "find"]

_APPS = frozenset({"fastapi.FastAPI", "fastapi.applications.FastAPI"})
_NEW = """\
@asynccontextmanager
async def {name}(app: FastAPI) -> AsyncIterator[None]:
    \"\"\"Open what requests share.\"\"\"
    {opening}


"""


@dataclass(frozen=True, slots=True)
class Lifespan:
    """Where the one app of a program is made, and its lifespan function where it has one."""

    draft: Draft
    app: cst.Call
    function: cst.FunctionDef | None

    def free(self, name: str) -> str:
        """Return `name`, or one like it, under which nothing is in the lifespan or in `app.state`."""
        text = self.draft.module.code
        taken = self.draft.names(self.function) if self.function is not None else set()
        found, number = name, 2
        while found in taken or f".state.{found}" in text:
            found, number = f"{name}_{number}", number + 1
        return found

    def opening(self, entered: str, name: str, asynchronous: bool) -> tuple[list[Edit], list[Import]] | None:
        """Return what opens `entered` around the `yield`, and puts it into `app.state.NAME`."""
        if self.function is not None:
            edit = self._around_yield(self.function, entered, name, asynchronous)
            return ([edit], []) if edit is not None else None
        return self._created(entered, name, asynchronous)

    def _around_yield(
        self, function: cst.FunctionDef, entered: str, name: str, asynchronous: bool
    ) -> Edit | None:
        lines = m.findall(function.body, m.SimpleStatementLine(body=[m.Expr(m.Yield())]))
        first = function.params.params[0].name.value if function.params.params else ""
        if len(lines) != 1 or not first:
            return None

        def opened(line: cst.SimpleStatementLine) -> cst.With:
            kept = cst.parse_statement(f"{first}.state.{name} = {name}")
            return _with(
                entered, name, asynchronous, [kept, line.with_changes(leading_lines=())]
            ).with_changes(leading_lines=line.leading_lines)

        return Edit(self.draft.file, lines[0], opened)

    def _created(self, entered: str, name: str, asynchronous: bool) -> tuple[list[Edit], list[Import]] | None:
        line = next(
            (one for one in self.draft.around(self.app) if isinstance(one, cst.SimpleStatementLine)), None
        )
        if line is None or not isinstance(self.draft.parent(line), cst.Module):
            return None
        names = self.draft.names()
        own = next(each for each in ("lifespan", "opened", "app_lifespan") if each not in names)
        code = _NEW.format(name=own, opening="yield")
        module = cst.parse_module(code, config=self.draft.module.config_for_parsing)
        made = module.body[0]
        assert isinstance(made, cst.FunctionDef)  # noqa: S101 - as written above
        kept = [cst.parse_statement(f"app.state.{name} = {name}"), made.body.body[-1]]
        body = [made.body.body[0], _with(entered, name, asynchronous, kept)]
        made = made.with_deep_changes(made.body, body=body)

        def above(line: cst.SimpleStatementLine) -> cst.FlattenSentinel[cst.BaseStatement]:
            blank = cst.EmptyLine(indent=False)
            first = made.with_changes(leading_lines=[blank, blank])
            comments = [one for one in line.leading_lines if one.comment is not None]
            return cst.FlattenSentinel([first, line.with_changes(leading_lines=[blank, blank, *comments])])

        edits = [
            Edit(self.draft.file, self.app, lambda call: with_keyword(call, "lifespan", cst.Name(own))),
            Edit(self.draft.file, line, above),
        ]
        file = self.draft.file
        return edits, [
            Import(file, "contextlib", "asynccontextmanager"),
            Import(file, "collections.abc", "AsyncIterator"),
        ]


def find(case: Case) -> Lifespan | None:
    """Return the lifespan of the app nearest to the finding; None where that is not certain."""
    apps = [
        (number, site.expression)
        for number, module in enumerate(case.whole.program.modules)
        for site in sites(module.body)
        if site.expression[0] == form.CALL
        and not site.entered
        and _APPS.intersection(case.whole.named(site.expression[1], number))
    ]
    near = {number: _shared(case.whole.path(number), case.finding.file) for number, _ in apps}
    apps = [(number, call) for number, call in apps if near[number] == max(near.values())]
    if len(apps) != 1:
        return None
    [(number, call)] = apps
    draft = case.drafts.open(case.whole.path(number))
    found = one_call(draft.calls(call[4], call[5]), "FastAPI") if draft is not None else None
    if draft is None or found is None:
        return None
    given = next((value for name, value in call[3] if name == "lifespan"), None)
    if given is None:
        listens = any(
            last_name(one.func) in ("on_event", "add_event_handler") for one in draft.every(cst.Call)
        )
        return None if listens else Lifespan(draft, found, None)
    for one in case.whole.inference.values(given, Place(number)):
        if one[0] == v.FUNCTION:
            return _existing(case, (one[1], one[2]), found)
    return None


def _shared(one: str, other: str) -> int:
    """Return how many folders two files have in common, from the top."""
    folders = (path.split("/")[:-1] for path in (one, other))
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(*folders, strict=False)))


def _existing(case: Case, key: FunctionKey, app: cst.Call) -> Lifespan | None:
    function = case.whole.program.function(key)
    draft = case.drafts.open(case.whole.path(key[0]))
    found = draft.functions(function.name, function.line) if draft is not None else []
    return Lifespan(draft, app, found[0]) if draft is not None and len(found) == 1 else None


def _with(entered: str, name: str, asynchronous: bool, body: list[Any]) -> cst.With:
    item = cst.WithItem(cst.parse_expression(entered), cst.AsName(cst.Name(name)))
    return cst.With(
        items=[item],
        body=cst.IndentedBlock(body),
        asynchronous=cst.Asynchronous() if asynchronous else None,
    )
