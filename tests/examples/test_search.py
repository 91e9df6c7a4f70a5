"""The search: the held form's pages are together what the fragile form answers at once."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.examples.conftest import Open

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def walked(client: TestClient, words: str) -> list[list[dict[str, Any]]]:
    """Follow a search to its end; return what each page had."""
    pages, after = [], 0
    while True:
        found = client.get("/search", params={"q": words, "after": after})
        assert found.status_code == 200
        pages.append(found.json()["items"])
        if (after := found.json()["after"]) is None:
            return pages


def test_both_forms_find_the_same(shop: Open) -> None:
    with shop("fragile") as fragile, shop("held") as held:
        for words in ("No. 4", "No. 37", "bronze winches", "no such thing", "100%", "_o"):
            at_once, pages = walked(fragile, words), walked(held, words)
            assert len(at_once) == 1
            assert [hit for page in pages for hit in page] == at_once[0]
            assert all(len(page) == 10 for page in pages[:-1])
        assert len(walked(fragile, "No. 4")[0]) > 100
        assert all(hit["pictures"] for hit in walked(held, "No. 37")[0])


def test_both_forms_have_the_same_surface(shop: Open) -> None:
    def surface(client: TestClient) -> dict[tuple[str, str], Any]:
        paths = client.get("/openapi.json").json()["paths"]
        return {
            (path, method): (
                operation.get("parameters"),
                sorted(operation.get("requestBody", {}).get("content", {})),
            )
            for path, operations in paths.items()
            for method, operation in operations.items()
        }

    with shop("fragile") as fragile, shop("held") as held:
        assert surface(fragile) == surface(held)
        assert len(surface(held)) == 7
