"""Small projects, written as texts."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

from holdfast.audit.finding import Confidence
from holdfast.audit.rules.rule import Rule
from holdfast.audit.settings.find import kind_of
from holdfast.audit.settings.read import read_texts
from holdfast.audit.source.read import read_text
from holdfast.audit.whole import Whole


def whole(files: Mapping[str, str] | str) -> Whole:
    """Return a project of `files` by path; a text alone is main.py."""
    if isinstance(files, str):
        files = {"main.py": files}
    modules, settings = [], []
    for path, text in files.items():
        source = textwrap.dedent(text)
        if path.endswith((".py", ".pyi")):
            modules.append(read_text(path, source.encode()))
        elif kind := kind_of(path.rpartition("/")[2]):
            settings.append((path, source, kind))
    return Whole(modules, settings=read_texts(settings))


def example(rule: Rule, text: str) -> Whole:
    """Return the project that an example of a rule is."""
    return whole(split(rule, text))


def split(rule: Rule, text: str) -> dict[str, str]:
    """Return the files that an example of a rule consists of."""
    parts = re.split(r"^# file: (.+)\n", text, flags=re.MULTILINE)
    return {rule.file: parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def told(rule: Rule, files: Mapping[str, str] | str) -> list[str]:
    """Return what a rule says of a project, at the confidence that is shown by default."""
    return [one.message for one in rule.find(whole(files)) if one.confidence >= Confidence.MEDIUM]


def blocked(files: Mapping[str, str] | str) -> list[str]:
    """Return what blocks the loop, as "file:line -> sink, by root"."""
    project = whole(files)
    found = []
    for one in project.blocked:
        place = one.chain[0]
        root = one.root.name if one.root is not None else "-"
        found.append(f"{project.path(place.caller[0])}:{place.site.line} -> {one.sink.path}, by {root}")
    return found
