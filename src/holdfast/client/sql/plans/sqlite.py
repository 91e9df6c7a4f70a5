"""SQLite's plans, which are for people: https://www.sqlite.org/eqp.html"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from holdfast.client.sql.plans.condition import table_of, wanted
from holdfast.client.sql.plans.scan import Scan

__all__ = ["EXPLAIN", "scans"]

EXPLAIN = "EXPLAIN QUERY PLAN "


def scans(plan: Any, statement: str) -> Iterator[Scan]:
    """Yield what the lines of a plan read whole, with the statement's own condition: a plan has none."""
    for line in plan:
        if found := re.fullmatch(r'SCAN (?:TABLE )?"?(\w+)"?', line):
            yield Scan(table_of(found[1], statement), found[1], wanted(statement))
