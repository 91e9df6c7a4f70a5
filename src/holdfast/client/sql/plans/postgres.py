"""PostgreSQL's plans: https://www.postgresql.org/docs/current/using-explain.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from holdfast.client.sql.plans.scan import Scan

__all__ = ["EXPLAIN", "ROWS", "planned_rows", "scans"]

ROWS = (
    "SELECT CAST(reltuples AS BIGINT), pg_relation_size(oid) / current_setting('block_size')::int > 10"
    " FROM pg_class WHERE oid = to_regclass(:name)"
)
"""About how many rows a table has, -1 before its first ANALYZE; and whether it has more than the ten pages
that the planner takes every such table to have."""

EXPLAIN = "EXPLAIN (FORMAT JSON) "


def scans(plan: Any, statement: str) -> Iterator[Scan]:
    """Yield what the document of a plan reads whole and throws most of away."""
    for document in plan:
        yield from _below(document["Plan"])


def planned_rows(plan: Any) -> int:
    """Return how many rows the planner expects; of a table not yet analyzed, by the size of its file."""
    return int(plan[0]["Plan"]["Plan Rows"])


def _below(node: dict[str, Any]) -> Iterator[Scan]:
    if node.get("Node Type") == "Seq Scan" and "Filter" in node:
        table = node["Relation Name"]
        # A worker of a parallel scan finds its part of them.
        yield Scan(table, node.get("Alias", table), node["Filter"], found=int(node["Plan Rows"]))
    for child in node.get("Plans", ()):
        yield from _below(child)
