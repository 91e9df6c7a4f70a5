from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.telemetry.traces.statement import statement


@pytest.mark.parametrize(
    ("sql", "summary", "text"),
    [
        ("SELECT a.x FROM a JOIN b ON a.id = b.id WHERE b.y = $1", "SELECT a",
         "SELECT a.x FROM a JOIN b ON a.id = b.id WHERE b.y = $1"),
        ("INSERT INTO shop.orders (id) VALUES (%(id_1)s)", "INSERT shop.orders", None),
        ('UPDATE "order" SET a = :a_1, b = ?', 'UPDATE "order"', None),
        ("delete from t1 where x = 'it''s' and y = 1.5e3", "DELETE t1",
         "delete from t1 where x = ? and y = ?"),
        ("SELECT 'hunter2' -- hunter2\n FROM /* hunter2 */ t", "SELECT t", "SELECT ? FROM t"),
        ("SELECT E'a\\'hunter2' , $tag$it's hunter2$tag$", "SELECT", "SELECT ? , ?"),
        ("COMMIT", "COMMIT", "COMMIT"),
        ("(SELECT 1)", "SELECT", "(SELECT ?)"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_summary_and_text(sql: str, summary: str, text: str | None) -> None:
    assert statement(sql) == (summary, sql if text is None else text)


def test_double_quotes_hold_values_in_mysql() -> None:
    assert statement('SELECT x FROM t WHERE y = "hunter2"', "mysql").text == "SELECT x FROM t WHERE y = ?"
    assert statement('SELECT x FROM "t"', "postgresql").summary == 'SELECT "t"'


@given(st.text(), st.text())
def test_no_value_is_in_it(before: str, secret: str) -> None:
    quoted = "'" + secret.replace("'", "''") + "'"
    assert statement(f"SELECT x FROM t WHERE y = {quoted}").text == "SELECT x FROM t WHERE y = ?"


@given(st.text(max_size=300))
def test_any_text_is_read(sql: str) -> None:
    said = statement(sql)
    assert len(said.text) <= 2000
    assert len(said.summary) <= 255


def test_a_long_statement_is_cut() -> None:
    assert len(statement("SELECT " + "column, " * 10_000).text) == 2000
