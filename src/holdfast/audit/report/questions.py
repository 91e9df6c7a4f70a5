"""What comes next, and what reading alone could not answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from holdfast.audit.words import many

__all__ = ["questions", "steps"]

_NAMED = 3


def steps(document: Mapping[str, Any], rules: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield the next steps, the first one first; `rules` are (code, name) in the order in which they pay."""
    root = document["root"]
    if rules:
        code, name = rules[0]
        yield f"Mend {code} ({name}) first: it pays most. `holdfast explain {code}` says more of it."
    if document["evidence"] is None:
        yield (
            "Measure: run `holdfast serve APP --stall-log stalls.jsonl` under load, or `holdfast gate`, then "
            f"`holdfast audit {root} --evidence stalls.jsonl`. What hurts then comes first, in milliseconds."
        )
    elif document["evidence"]["unexplained"]:
        yield "Write the proposed `[[audit.sink]]` into holdfast.toml, and audit again."
    if rules:
        yield "Run `holdfast gate` before and after: what was saved shows there."
    if document["baseline"] is None and len(document["findings"]) > 1:
        yield (
            f"Keep new ones out while the old ones go: `holdfast audit {root} --write-baseline audit.json`, "
            "and `--baseline audit.json` in CI."
        )
    elif document["baseline"] is not None and document["baseline"]["gone"]:
        file = document["baseline"]["file"]
        yield f"Shrink the baseline: `holdfast audit {root} --write-baseline {file}`."
    if not rules:
        yield "Keep it so: `holdfast audit` in CI, or as a hook of pre-commit."


def questions(document: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what the audit of `document` does not know; `findings` are its new ones."""
    for one in document["unread"][:_NAMED]:
        yield f"What is in {one['file']}? It could not be read whole: {one['message']}."
    if (more := len(document["unread"]) - _NAMED) > 0:
        yield f"And in {many(more, 'other file')} that could not be read whole?"
    unreached = [one for one in findings if one["confidence"] == "medium"]
    if unreached:
        yield (
            f"Who calls {_named(unreached)}? No route was seen to reach "
            f"{'it' if len(unreached) == 1 else 'them'}."
        )
    if document["unsure"]:
        yield (
            f"Are the {many(document['unsure'], 'finding')} real that were not sure enough to be shown? "
            "`--confidence low` shows them."
        )
    evidence = document["evidence"]
    if evidence is None:
        if findings:
            yield "What does it cost? Without evidence from running, the impact of each finding is unknown."
        return
    idle = [one for one in findings if one["evidence"] and one["evidence"]["status"] == "not exercised"]
    if idle:
        yield f"Does {_named(idle)} run in production? The evidence did not exercise it."
    for one in evidence["unexplained"][:_NAMED]:
        yield (
            f"What holds the loop at {one['file']}:{one['line']} in {one['function']}? It stood still there "
            f"for {one['seconds']:.3g} s, and no finding says why."
        )


def _named(findings: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(one["function"] or one["file"] for one in findings))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(f"`{name}`" for name in names[:_NAMED]) + more
