"""Uploads that are only written on are read in pieces; others need a limit that somebody decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit.fix.mending import mended, project, text_of

HEAD = """\
import hashlib

from fastapi import FastAPI, UploadFile

app = FastAPI()


@app.post("/pictures")
async def picture(file: UploadFile, out, kept=None):
"""
WHOLE = """\
    data = await file.read()
    async with out as to:
        # now
        await to.write(data)
"""
INTO = """\
    async with out as to:
        # now
        while piece := await file.read(65536):
            await to.write(piece)
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "    out.write(await file.read())  # all\n",
            "    while piece := await file.read(65536):\n        out.write(piece)  # all\n",
        ),
        (
            "    data = await file.read()\n    kept.update(data)\n",
            "    while piece := await file.read(65536):\n        kept.update(piece)\n",
        ),
        (
            WHOLE,
            INTO,
        ),
    ],
)
def test_it_is_read_in_pieces(before: str, after: str, tmp_path: Path) -> None:
    assert text_of(tmp_path, HEAD + before) == HEAD + after


@pytest.mark.parametrize(
    "body",
    [
        "    return len(await file.read())\n",
        "    data = await file.read()\n    out.write(data)\n    return len(data)\n",
        "    data = await file.read()\n    for each in out:\n        each.write(data)\n",
        "    size = out.write(await file.read())\n",
    ],
)
def test_what_is_used_whole_is_only_shown_with_a_limit(body: str, tmp_path: Path) -> None:
    result = mended(project(tmp_path, HEAD + body))
    assert result.texts == {}
    shown = [one for one in result.shown if one.fix.finding.rule == "HF801"]
    for one in shown:
        text = one.after["main.py"].decode()
        assert one.fix.check.startswith("decide UPLOAD_BYTES")
        assert "    if file.size is not None and file.size > UPLOAD_BYTES:\n" in text
        assert "from fastapi import FastAPI, HTTPException, UploadFile\n" in text
