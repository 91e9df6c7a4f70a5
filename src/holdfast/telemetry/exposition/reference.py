"""docs/metrics.md, made from the catalogue: `python -m holdfast.telemetry.exposition.reference`."""

from __future__ import annotations

from holdfast.telemetry.exposition.catalogue import SUBJECTS
from holdfast.telemetry.exposition.family import Family

__all__ = ["page"]

_HEAD = """\
# Metrics

On the admin port of `holdfast serve`, `/metrics` shows these for all workers. Counters and histograms are
summed over the workers, those that died included, and do not run back when one dies. What is of a single
worker names it by its slot, a number that a restart keeps. One counter does start anew with each worker:
`holdfast_cpu_seconds_total` is the kernel's, of the process that has the slot now. `rate()` takes that for
the reset that it is.

Labels are bounded: what does not fit into a table counts as `(other)`, and paths that no route matches are
`(unmatched)`. The bounds of the histogram are the usual ones (`holdfast.telemetry.buckets.BOUNDS`), and every
latency that the budget promises, so that "the share within p99" is counted and not interpolated.

Under a bare server, `render_process()` of `holdfast.telemetry.exposition` returns the same text for one
process.

This page is made from the code: `make docs`.
"""


def page() -> str:
    """Return the page."""
    parts = [_HEAD]
    for subject, families in SUBJECTS.items():
        parts.append(f"\n## {subject}\n\n| Name | Kind | Labels | What it is |\n|---|---|---|---|\n")
        parts.extend(map(_row, families))
    return "".join(parts)


def _row(family: Family) -> str:
    labels = ", ".join(f"`{label}`" for label in family.labels)
    return f"| `{family.exposed}` | {family.kind.value} | {labels} | {family.doc} |\n"


if __name__ == "__main__":
    print(page(), end="")
