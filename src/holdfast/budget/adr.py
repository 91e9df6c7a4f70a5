"""Decision records for numbers that nobody has decided: the question, what others start with, and the TOML.

A candidate is written once. The comment `<!-- holdfast: PATH -->` says which number a file is about, so that
its title and text can be changed freely.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Sequence
from pathlib import Path

from holdfast.budget.loaded import Loaded
from holdfast.budget.metadata import Decision, Derivable
from holdfast.budget.numbers import Number
from holdfast.budget.path import dotted, parts
from holdfast.budget.source.provenance import source_name
from holdfast.errors import UsageError

__all__ = ["render", "write"]

_MARK = re.compile(r"^<!-- holdfast: (.+) -->$", re.MULTILINE)
_NUMBERED = re.compile(r"(\d{4})-.*\.md")


def write(loaded: Loaded, missing: Sequence[Number], folder: Path, *, today: datetime.date) -> list[Path]:
    """Write a candidate for each missing number that has none in `folder`, and return the new files.

    Files get the next free numbers. Raises UsageError where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        existing = sorted(folder.glob("*.md"))
        asked = {path for file in existing for path in _MARK.findall(file.read_text(encoding="utf-8"))}
        number = max((int(m[1]) for file in existing if (m := _NUMBERED.fullmatch(file.name))), default=0)
        written: list[Path] = []
        for item in missing:
            if source_name(loaded, item) in asked:
                continue
            number += 1
            file = folder / f"{number:04}-decide-{_slug(source_name(loaded, item))}.md"
            file.write_text(render(loaded, item, number, file, today=today), encoding="utf-8")
            written.append(file)
    except OSError as error:
        raise UsageError(f"cannot write decision records: {error.strerror}", place=str(folder)) from None
    except UnicodeDecodeError:
        raise UsageError("holds a record that is not UTF-8", place=str(folder)) from None
    return written


def render(loaded: Loaded, item: Number, number: int, file: Path, *, today: datetime.date) -> str:
    """Return the candidate for one number as Markdown; `file` is where it will be."""
    known, name = item.explained, source_name(loaded, item)
    if isinstance(known, Decision):
        question, why, decides = known.question, known.why, known.decides
    else:
        question = f"Where was {name} decided?"
        instead = f"derived ({known.formula})" if isinstance(known, Derivable) else "a cited default"
        why = f"{known.about} Without a decision it is {instead}; a number that replaces it needs a reason."
        decides = "engineering"
    return f"""# {number}. Decide {name}

<!-- holdfast: {name} -->
- Status: proposed
- Date: {today.isoformat()}
- Decides: {decides}

## Question

{question}

## Why it matters

{why}

## Options

{_options(item)}

## Evidence so far

{_evidence(loaded, item)}

## Decision

*Open.* Say here which number was chosen, and why.

## In the budget

```toml
{_toml(loaded, item, file)}
```

Where a table is there already, only the line below its header is new.
"""


def _options(item: Number) -> str:
    known = item.explained
    rows = ["| Start with | When it fits | Source |", "|---|---|---|"]
    if isinstance(known, Decision):
        rows += [f"| `{o.text}` | {o.fits} | {o.source.markdown()} |" for o in known.options]
    elif isinstance(known, Derivable):
        rows.append(f"| leave it out | {known.formula} | derived |")
    else:
        rows.append(f"| leave it out | the default | {known.source.markdown()} |")
    if isinstance(known, Decision):
        rows.append("| defer it | a day until which it can wait, and who decides then | `[deferred]` |")
    return "\n".join(rows)


def _evidence(loaded: Loaded, item: Number) -> str:
    measured = "None measured yet."
    if item.path.startswith("objective."):
        measured = "None measured yet: `holdfast gate` measures it, and passes nothing until it is decided."
    if item.value is None:
        return measured
    return f"The budget says {item.text} ({loaded.place_of(item.key)}), and no source says why. {measured}"


def _toml(loaded: Loaded, item: Number, file: Path) -> str:
    name = source_name(loaded, item)
    lines = []
    if item.value is None and isinstance(item.explained, Decision):
        *table, key = parts(name)
        lines.append(f"[{dotted(table)}]")
        for index, option in enumerate(item.explained.options):
            lines.append(f"{'# ' if index else ''}{dotted((key,))} = {_value(item, option.value)}")
        lines.append("")
    reference = Path(os.path.relpath(file.absolute(), loaded.folder)).as_posix()
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return "\n".join([*lines, "[source]", f'"{quoted}" = "{reference}#decision"'])


def _value(item: Number, value: str) -> str:
    """Return an option's value as TOML: numbers, lists and quoted text as they are, the rest in quotes."""
    plain = item.unit in ("count", "factor") or value.startswith(("[", '"'))
    return value if plain else f'"{value}"'


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
