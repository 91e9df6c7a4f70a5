"""docs/budget.md: every key of the budget, from the models themselves.

`python -m holdfast.budget.reference > docs/budget.md` writes it; a test holds it up to date.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from pydantic.fields import FieldInfo

from holdfast.budget.metadata import Decision, Derivable, Explained, Fact
from holdfast.budget.model import Budget, Deferral, Section
from holdfast.budget.numbers import explained, unit_of

__all__ = ["render"]

_HEAD = """# The budget: every key

Generated from the models (`python -m holdfast.budget.reference > docs/budget.md`); edit those.

`holdfast.toml`, or `[tool.holdfast]` of `pyproject.toml`, is looked for in the working directory and
upwards. `[env.NAME]` holds an overlay with the same sections (`[env.ci.service]`); `--env NAME` or
`HOLDFAST_ENV` chooses one. A variable overrides a key: `HOLDFAST_OBJECTIVE__P99=250ms`, in the
environment, in `.env` beside the budget, or in a file of the folder that `HOLDFAST_SECRETS_DIR` names;
`HOLDFAST_OBJECTIVE__P99_FILE` names a file that holds it. An override may not loosen an objective.

| Unit | Written as |
|---|---|
| duration | `"300ms"` `"2s"` `"5m"` `"1h"` |
| ratio | `"99.9%"` or `0.999` |
| rate | `"200/s"` `"60/min"` `"3600/h"` |
| bytes | `"64MiB"` `"1.5GB"` or `65536` |
| count | `4` |
| factor | `2.0` |

**Decision**: people decide it, nothing is invented; *required* ones are raised by `holdfast plan` when
missing. **Derived**: follows from other numbers unless it is written. **Default**: a constant of a
mechanism, from the source named. Every number that is written needs an entry in `[source]` or
`[deferred]`.
"""

_SOURCES = """
## [source]

Where each number was decided: `"objective.*" = "docs/reliability.md#objectives"`. The key is the path of
a number, `*` stands for anything, and the most specific key wins. Numbers of an overlay are below
`env.NAME`. The file, from the budget's folder, and the heading (its anchor as on GitHub) exist, and the
section says the number, in whatever unit. A web address is taken as it is.

## [deferred]

Numbers that are knowingly not decided yet, by the same kind of key. After `until` the number is missing
again.
"""


def render() -> str:
    """Return the document."""
    parts = [_HEAD]
    for name, field in Budget.model_fields.items():
        model, many = _section_of(field)
        if model is not None and model is not Deferral:
            parts.append(_section(f"{name}.NAME" if many else name, model))
    return "\n".join([*parts, _SOURCES, *_rows(Deferral, "")]) + "\n"


def _section(name: str, model: type[Section]) -> str:
    about = (model.__doc__ or "").strip().split("\n")[0]
    return "\n".join([f"\n## [{name}]\n", about, "", *_rows(model, "")])


def _rows(model: type[Section], prefix: str) -> Iterator[str]:
    if not prefix:
        yield from ("| Key | Unit | Kind | What it is |", "|---|---|---|---|")
    for name, field in model.model_fields.items():
        key, known = f"{prefix}{field.alias or name}", explained(field)
        inner, many = _section_of(field)
        if known is not None:
            key += ".NAME" if many else ""
            yield f"| `{key}` | {_unit(field, known)} | {_kind(field, known)} | {_about(known)} |"
        if inner is not None:
            yield from _rows(inner, f"{key}{_WITHIN.get(name, '')}.")


_WITHIN = {"route": '."POST /orders"', "request": "[]", "scenario": "[]", "steps": "[]", "sink": "[]"}


def _section_of(field: FieldInfo) -> tuple[type[Section] | None, bool]:
    """Return the section that a field holds, and whether it holds many by name."""
    kinds = [field.annotation, *get_args(field.annotation)]
    found = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)), None)
    by_name = str(field.annotation).startswith(("dict[", "typing.Dict["))
    return found, by_name


def _unit(field: FieldInfo, known: Explained) -> str:
    unit = unit_of(field)[0]
    return "" if unit == "text" and isinstance(known, Fact) else unit


def _kind(field: FieldInfo, known: Explained) -> str:
    if isinstance(known, Decision):
        if known.required is True:
            return "decision, required"
        return f"decision, required for {', '.join(known.required)}" if known.required else "decision"
    if isinstance(known, Fact):
        return "required" if field.is_required() else ""
    if isinstance(known, Derivable):
        return f"derived: {known.formula}"
    return f"default {_default(field)}: {known.source.markdown()}"


def _default(field: FieldInfo) -> str:
    value = field.default
    text = ", ".join(value) if isinstance(value, tuple) else unit_of(field)[1](value)
    return f"`{text}`"


def _about(known: Explained) -> str:
    if not isinstance(known, Decision):
        return known.about.replace("|", "\\|")
    options = "; ".join(f"`{o.text}` {o.fits} ({o.source.markdown()})" for o in known.options)
    return f"{known.question} {known.why} Decides: {known.decides}. Usual: {options}".replace("|", "\\|")


if __name__ == "__main__":
    print(render(), end="")
