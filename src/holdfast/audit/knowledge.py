"""What is known of the calls of libraries: what holdfast knows itself, and what the project's budget adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.audit.graph.library import Library, documents

if TYPE_CHECKING:
    from holdfast.budget.model.audit import Audit

__all__ = ["has_budget", "knowledge"]


def knowledge(root: Path) -> Library:
    """Return what is known of calls in the project at `root`.

    Its budget is holdfast.toml, or [tool.holdfast] of pyproject.toml, there or above. Raises `BudgetError`
    where that has a mistake.
    """
    return Library([*documents(), *_of_the_project(root)])


def has_budget(root: Path) -> bool:
    """Whether there is a budget for what lies at `root`: there, or above."""
    return any(map(_may_hold_a_budget, _above(root.resolve())))


def _of_the_project(root: Path) -> Iterator[Mapping[str, Any]]:
    if not has_budget(root):
        return
    from holdfast.budget import load  # a fifth of a second, which few projects have a use for
    from holdfast.budget.document import find

    file = find(root.resolve())
    if file is not None:
        # The environment decides numbers, and says nothing of calls.
        yield _document(load(file, environ={}).budget.audit)


def _above(root: Path) -> Iterator[Path]:
    for folder in (root, *root.parents):
        yield folder / "holdfast.toml"
        yield folder / "pyproject.toml"


def _may_hold_a_budget(file: Path) -> bool:
    try:
        return b"tool.holdfast" in file.read_bytes() or file.name == "holdfast.toml"
    except OSError:
        return False


def _document(audit: Audit) -> Mapping[str, Any]:
    """Return a section of a budget in the form of a library's file."""
    return {
        "library": "budget",
        "harmless": audit.harmless,
        "offloads": dict.fromkeys(audit.offloads, "thread"),
        "blocks": [
            {"calls": [sink.call], **sink.model_dump(exclude={"call"}, exclude_none=True)}
            for sink in audit.sink
        ],
    }
