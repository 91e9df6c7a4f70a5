"""What an answer has to be, and what is taken from it for the steps that follow."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from holdfast.errors import UsageError
from holdfast.gate.shape.jsonpath import JsonPath, look_up, parse_path, show_path
from holdfast.gate.shape.placeholder import JsonValue

__all__ = ["Check", "Expect", "Place", "WrongAnswer", "read_check"]

_HEADER = "header:"


class Expect(Protocol):
    """What is expected of an answer, as a budget says it; there `values` is called `json`."""

    @property
    def status(self) -> Sequence[int]:
        """The statuses that are right; none: whatever [sli] says."""

    @property
    def values(self) -> Mapping[str, Any]:
        """What has to stand at paths of the body: {"$.ok": True}."""

    @property
    def contains(self) -> str | None:
        """Text that the body has to contain."""


class Place(Protocol):
    """From a dotted path of the budget ("traffic.request[0].send") to its place ("holdfast.toml:14")."""

    def __call__(self, dotted: str, /) -> str:
        """Return the place."""


class WrongAnswer(Exception):
    """An answer is not what was expected. The message says what was, and nothing of the answer's body."""


@dataclass(frozen=True, slots=True)
class Check:
    """`status`: those that are right, none for any; `values`: paths of the JSON body with what stands there;
    `contains`: part of the body; `take`: names with where their values stand, a path of the body or a
    header.
    """

    status: tuple[int, ...] = ()
    values: tuple[tuple[JsonPath, JsonValue], ...] = ()
    contains: str = ""
    take: tuple[tuple[str, JsonPath | str], ...] = ()

    @property
    def reads_body(self) -> bool:
        """Whether the status alone does not tell."""
        return bool(self.values or self.contains or self.take)

    def examine(self, status: int, head: bytes, body: bytes) -> dict[str, str | int | float]:
        """Return what is taken from an answer; WrongAnswer, which says what was expected, where it is wrong.

        An answer from 400 up that no `status` asks for is wrong by itself only where something is taken:
        otherwise [sli] judges it, and its body is not held against what a good answer says.
        """
        if self.status:
            if status not in self.status:
                raise WrongAnswer(f"expected status {' or '.join(map(str, self.status))}, got {status}")
        elif status >= 400:
            if self.take:
                raise WrongAnswer(f"nothing to take from an answer of status {status}")
            return {}
        if self.contains and self.contains.encode() not in body:
            raise WrongAnswer(f"expected {self.contains!r} in the body")
        document = self._document(body)
        for path, wanted in self.values:
            if not _stands(document, path, wanted):
                raise WrongAnswer(f"expected {json.dumps(wanted)} at {show_path(path)}")
        return {name: _taken(name, where, head, document) for name, where in self.take}

    def _document(self, body: bytes) -> JsonValue:
        if not self.values and all(isinstance(where, str) for _, where in self.take):
            return None
        try:
            return json.loads(body)  # type: ignore[no-any-return]
        except (ValueError, RecursionError):
            raise WrongAnswer("expected a body of JSON") from None


def _stands(document: JsonValue, path: JsonPath, wanted: JsonValue) -> bool:
    try:
        found = look_up(document, path)
    except LookupError:
        return False
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _taken(name: str, where: JsonPath | str, head: bytes, document: JsonValue) -> str | int | float:
    """Return a value that can be sent again."""
    try:
        value = _in_head(where, head) if isinstance(where, str) else look_up(document, where)
    except LookupError:
        value = None
    if not isinstance(value, str | int | float) or (isinstance(value, str) and not value.isprintable()):
        at = f"the header {where}" if isinstance(where, str) else show_path(where)
        raise WrongAnswer(f"expected {name} at {at}: a text or a number")
    return value


def _in_head(name: str, head: bytes) -> str:
    pattern = rb"\r\n" + re.escape(name.encode()) + rb":[ \t]*([^\r\n]*?)[ \t]*\r\n"
    match = re.search(pattern, head, re.IGNORECASE)
    if match is None:
        raise LookupError(name)
    return match[1].decode("latin-1")


def read_check(expect: Expect | None, take: Mapping[str, str], dotted: str, place: Place) -> Check | None:
    """Return the check of one entry, None where nothing is asked; UsageError at what cannot be read."""
    if expect is None and not take:
        return None
    wanted = expect.values if expect is not None else {}
    values = tuple((_path(text, place(f"{dotted}.expect")), value) for text, value in wanted.items())
    status = tuple(expect.status) if expect is not None else ()
    contains = (expect.contains if expect is not None else None) or ""
    taken: list[tuple[str, JsonPath | str]] = []
    for name, text in take.items():
        where = place(f"{dotted}.take")
        if not name.isidentifier() or not name.isascii():
            raise UsageError(
                f"{name!r} cannot be the name of what is taken: letters, digits and _", place=where
            )
        header = text.startswith(_HEADER)
        taken.append((name, text.removeprefix(_HEADER).strip() if header else _path(text, where)))
    return Check(status, values, contains, tuple(taken))


def _path(text: str, place: str) -> JsonPath:
    try:
        return parse_path(text)
    except ValueError as error:
        raise UsageError(str(error), place=place) from None
