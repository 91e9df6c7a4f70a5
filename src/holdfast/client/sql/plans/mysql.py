"""The plans of MySQL and MariaDB: https://dev.mysql.com/doc/refman/8.4/en/explain-output.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from holdfast.client.sql.plans.condition import table_of
from holdfast.client.sql.plans.scan import Scan

__all__ = ["EXPLAIN", "scans"]

EXPLAIN = "EXPLAIN FORMAT=JSON "


def scans(plan: Any, statement: str) -> Iterator[Scan]:
    """Yield what the document of a plan reads whole and throws most of away."""
    if isinstance(plan, dict):
        if plan.get("access_type") == "ALL" and "attached_condition" in plan:
            rows = int(plan.get("rows") or plan.get("rows_examined_per_scan") or 0)
            share = float(plan.get("filtered", 100))
            name = plan["table_name"]
            found = None if share >= 100 else round(rows * share / 100)
            yield Scan(table_of(name, statement), name, plan["attached_condition"], rows, found)
        for value in plan.values():
            yield from scans(value, statement)
    elif isinstance(plan, list):
        for value in plan:
            yield from scans(value, statement)
