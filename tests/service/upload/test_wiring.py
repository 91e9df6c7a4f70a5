"""An upload by name: from the budget, into the app and its document."""

import logging
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI

from holdfast import Holdfast
from holdfast.errors import UsageError
from tests.service.upload.held import Service
from tests.service.uvicorn_here import served

pytestmark = pytest.mark.anyio


def held(folder: Path, budget: str) -> Holdfast:
    (folder / "holdfast.toml").write_text(budget)
    return Holdfast(FastAPI(), budget=folder / "holdfast.toml")


def test_the_document_shows_the_body(tmp_path: Path) -> None:
    paths = Service(tmp_path).app.openapi()["paths"]
    form = paths["/pictures"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["properties"]["file"]["items"] == {"type": "string", "format": "binary"}
    assert paths["/dump"]["put"]["requestBody"]["content"].keys() == {"*/*"}
    assert paths["/pictures"]["post"]["responses"].keys() >= {"200", "400", "413", "415"}


def test_the_document_finds_an_upload_below_routers_and_other_dependencies(tmp_path: Path) -> None:
    hold = held(tmp_path, '[upload.a]\nsize = "1MiB"\nfiles = 1\ntypes = ["*"]\ndirectory = "x"')
    upload: Any = hold.upload("a")
    router = APIRouter()

    async def picture(files: upload) -> str:
        return str(files.file.location)

    @router.post("/picture")
    async def route(where: str = Depends(picture)) -> str:
        return where

    @router.post("/hidden", include_in_schema=False)
    async def hidden(files: upload) -> None: ...

    app = hold._app
    app.include_router(router, prefix="/v1")
    assert "requestBody" in app.openapi()["paths"]["/v1/picture"]["post"]
    assert app.openapi() is app.openapi()


@pytest.mark.parametrize(
    ("budget", "words", "place"),
    [
        ("", 'no upload "a"; known: none', "hold.upload"),
        ('[upload.a]\ntypes = ["image/x-unheard"]\ndirectory = "x"', "image/x-unheard", "holdfast.toml:2"),
        ('[upload.a]\nsize = "1MiB"', "neither a directory", "holdfast.toml:1"),
    ],
    ids=["unknown", "type", "nowhere"],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, budget: str, words: str, place: str) -> None:
    hold = held(tmp_path, budget)
    with pytest.raises(UsageError, match=words) as caught:
        hold.upload("a")
    assert caught.value.place.endswith(place)


async def test_what_is_not_decided_is_said_and_not_invented(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hold = held(tmp_path, f'[upload.a]\ndirectory = "{tmp_path}"')
    hold.upload("a")
    with caplog.at_level(logging.WARNING, "holdfast"):
        async with served(hold._app):
            pass
    said = "upload a: only observes, not decided: upload.a.size, upload.a.files, upload.a.types"
    assert said in caplog.messages
