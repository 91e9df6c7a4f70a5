"""PostgreSQL's plans: https://www.postgresql.org/docs/current/using-explain.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from holdfast.client.sql.plans.scan import Scan

__all__ = ["EXPLAIN", "ROWS", "scans"]

EXPLAIN = "EXPLAIN (FORMAT JSON) "

ROWS = "SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = to_regclass(:name)"
"""About how many rows a table has: as of the last VACUUM or ANALYZE, -1 before the first."""


def scans(plan: Any, statement: str) -> Iterator[Scan]:
    """Yield what the document of a plan reads whole and throws most of away."""
    for document in plan:
        yield from _below(document["Plan"])


def _below(node: dict[str, Any]) -> Iterator[Scan]:
    if node.get("Node Type") == "Seq Scan" and "Filter" in node:
        table = node["Relation Name"]
        # A worker of a parallel scan finds its part of them.
        yield Scan(table, node.get("Alias", table), node["Filter"], found=int(node["Plan Rows"]))
    for child in node.get("Plans", ()):
        yield from _below(child)
