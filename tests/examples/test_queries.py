"""How many statements a request takes: the fragile form's grow with the rows, the held form's do not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from tests.examples.conftest import Open


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def count(shop: Open, form: str, path: str) -> int:
    with shop(form) as client, statements() as seen:
        assert client.get(path).status_code == 200
        return len(seen)


def test_a_list_takes_one_statement_where_the_fragile_form_takes_one_for_each_row(shop: Open) -> None:
    assert count(shop, "fragile", "/products") > 20
    assert count(shop, "fragile", "/products?page=51") == 1  # no rows, no more
    assert count(shop, "held", "/products") == 1


def test_a_product_takes_two_statements_where_the_fragile_form_takes_one_for_each_review(shop: Open) -> None:
    with shop("held") as client:
        reviews = {id_: len(client.get(f"/products/{id_}").json()["reviews"]) for id_ in range(1, 40)}
    most = max(reviews, key=lambda id_: reviews[id_])
    fewest = min(reviews, key=lambda id_: reviews[id_])
    assert count(shop, "fragile", f"/products/{most}") > count(shop, "fragile", f"/products/{fewest}") + 4
    assert count(shop, "held", f"/products/{most}") == 2
    assert count(shop, "held", f"/products/{fewest}") == 2


def test_a_search_takes_two_statements_where_the_fragile_form_takes_four_for_each_product(shop: Open) -> None:
    assert count(shop, "fragile", "/search?q=No. 4") > 300
    assert count(shop, "held", "/search?q=No. 4") == 2
    assert count(shop, "held", "/search?q=no such thing") == 1


def test_what_was_looked_up_once_takes_none(shop: Open) -> None:
    for form in ("fragile", "held"):
        with shop(form) as client:
            client.get("/products/7")
            with statements() as seen:
                assert client.get("/products/7").status_code == 200
            assert seen == []
