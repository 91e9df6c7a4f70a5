"""The columns that a condition compares, in the words of each database."""

from __future__ import annotations

import pytest

from holdfast.client.sql.plans.condition import compared, table_of, wanted

COLUMNS = {"id", "owner", "body", "placed", "state"}


@pytest.mark.parametrize(
    ("condition", "columns"),
    [
        ("(owner = 5)", ("owner",)),
        ("((owner = 5) AND ((body)::text = 'a'::text))", ("owner", "body")),
        ("((placed > '2026-01-01'::date) AND (owner = 5) AND (id < 9))", ("owner", "placed")),
        ("(owner = ANY ('{1,2}'::integer[]))", ("owner",)),
        ("(lower((body)::text) = 'a'::text)", ()),
        ("(owner = 5) OR (state = 'new')", ()),
        ("(owner <> 5)", ()),
        ("(state = 'owner = 5 OR body = 6')", ("state",)),
        ("notes.`owner` = 5 and notes.placed between 1 and 2", ("owner", "placed")),
        ("`test_1`.`notes`.`owner` = 5", ("owner",)),
        ("notes.owner = ? AND lines.state = ?", ("owner",)),
        ('"notes"."owner" IN (?, ?)', ("owner",)),
        ("notes.owner is null", ("owner",)),
        ("(unknown = 5)", ()),
        ("(5 = owner)", ()),
    ],
)
def test_columns(condition: str, columns: tuple[str, ...]) -> None:
    assert compared(condition, "notes", COLUMNS) == columns


def test_the_conditions_of_a_statement() -> None:
    assert wanted("SELECT * FROM a WHERE x = 'ORDER BY' AND y = 1 ORDER BY z") == "x = '' AND y = 1"
    assert wanted("SELECT * FROM a WHERE x IN (SELECT y FROM b WHERE z = 1 LIMIT 3)").count("=") == 1
    assert wanted("SELECT 1") == ""


def test_the_table_behind_a_name() -> None:
    assert table_of("o", "SELECT * FROM orders AS o JOIN lines l ON o.id = l.order_id") == "orders"
    assert table_of("l", "SELECT * FROM orders AS o JOIN lines l ON o.id = l.order_id") == "lines"
    assert table_of("orders", "SELECT * FROM orders") == "orders"
