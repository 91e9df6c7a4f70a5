"""Uploaded pictures: the fragile form keeps what comes, where it says; the held form what it can tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.examples.conftest import Open

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(1000)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "pictures"


def sent(name: str, content: bytes = PNG) -> dict[str, Any]:
    return {"file": (name, content, "image/png")}


@pytest.mark.parametrize("form", ["fragile", "held"])
def test_a_picture_is_kept_and_shown_with_its_product(shop: Open, folder: Path, form: str) -> None:
    with shop(form) as client:
        answer = client.post("/products/37/pictures", files=sent("front.png"))
        kept = answer.json()
        assert (answer.status_code, kept["size"]) == (201, len(PNG))
        assert (folder / kept["name"]).read_bytes() == PNG
        found = client.get("/search", params={"q": "No. 37"}).json()["items"][0]
        assert found["pictures"][-1] == kept["name"]
        assert client.post("/products/501/pictures", files=sent("front.png")).status_code == 404


def test_only_the_fragile_form_lets_a_client_name_the_place(shop: Open, folder: Path) -> None:
    with shop("fragile") as fragile, shop("held") as held:
        for client in (fragile, held):
            assert client.post("/products/1/pictures", files=sent("../planted.py")).status_code == 201
            assert (folder.parent / "planted.py").exists() is (client is fragile)
            (folder.parent / "planted.py").unlink(missing_ok=True)


def test_the_held_form_refuses_what_is_no_picture_or_too_large(shop: Open, folder: Path) -> None:
    with shop("held") as held:
        page = held.post("/products/1/pictures", files=sent("page.png", b"<html><script>"))
        large = held.post("/products/1/pictures", files=sent("large.png", PNG + bytes(6 << 20)))
        assert (page.status_code, large.status_code) == (415, 413)
        assert [file for file in folder.glob("*") if file.is_file()] == []
