"""What only a reader can decide is shown as a diff, with what to look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from holdfast.audit.fix.mend import Shown
from holdfast.audit.rules.catalogue import RULES
from tests.audit.fix.mending import mended, project

BAD = {rule.code: rule.bad.lstrip("\n") for rule in RULES}


def shown(folder: Path, code: str, source: Mapping[str, str | bytes] | str = "") -> tuple[Shown, str]:
    """Return the fix that is shown for a rule's bad example, or for another source, and its text."""
    result = mended(project(folder, source or BAD[code]))
    assert code not in {fix.finding.rule for fix in result.applied}
    [found] = [one for one in result.shown if one.fix.finding.rule == code]
    return found, found.after["main.py"].decode()


@pytest.mark.parametrize(
    ("code", "lines", "check"),
    [
        (
            "HF203",
            ["pool_size=POOL_SIZE, max_overflow=0, pool_timeout=POOL_TIMEOUT)"],
            "decide POOL_SIZE and",
        ),
        (
            "HF302",
            [
                "    slots = asyncio.Semaphore(AT_A_TIME)\n",
                "    async def bounded(call):\n        async with slots:\n            return await call\n",
                "asyncio.gather(*[bounded(client.get(url)) for url in urls])",
            ],
            "decide AT_A_TIME",
        ),
        ("HF502", ["    await session.commit()\n    await client.post("], "all or nothing"),
        ("HF802", ["from uuid import uuid4\n", 'os.path.join("pictures", uuid4().hex)'], "client's name"),
    ],
)
def test_a_bad_example_is_shown_mended(code: str, lines: list[str], check: str, tmp_path: Path) -> None:
    found, text = shown(tmp_path, code)
    for line in lines:
        assert line in text
    assert check in found.fix.check


def test_an_app_with_a_budget_is_shown_guarded(tmp_path: Path) -> None:
    files = {"main.py": BAD["HF951"], "holdfast.toml": '[service]\nname = "shop"\n'}
    found, text = shown(tmp_path, "HF951", files)
    assert "from holdfast import Holdfast\n" in text
    assert "app = FastAPI()\nhold = Holdfast(app)\n" in text
    assert "the budget found" in found.fix.check


def test_a_dependency_that_commits_late_gets_a_scope_wherever_it_is_used(tmp_path: Path) -> None:
    files = {
        "data.py": "async def session(make):\n    async with make() as opened:\n        yield opened\n"
        "        await opened.commit()\n",
        "main.py": "from typing import Annotated\n\nfrom fastapi import Depends, FastAPI\n\n"
        "from data import session\n\napp = FastAPI()\n\n\n@app.get('/')\n"
        "async def one(opened: Annotated[object, Depends(session)]): ...\n\n\n@app.get('/two')\n"
        "async def two(opened=Depends(session, use_cache=False)): ...\n",
    }
    result = mended(project(tmp_path, files))
    assert result.texts == {}
    [found] = [one for one in result.shown if one.fix.finding.rule == "HF503"]
    text = found.after["main.py"].decode()
    assert 'Depends(session, scope="function")]' in text
    assert 'Depends(session, use_cache=False, scope="function")' in text


def test_a_loop_that_tries_again_waits_longer_each_time(tmp_path: Path) -> None:
    source = """\
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient()


@app.get("/")
async def read():
    for _ in range(3):
        try:
            return await client.get("http://a")
        except httpx.HTTPError:
            continue  # once more
"""
    found, text = shown(tmp_path, "HF601", source)
    assert "    for attempt in range(3):\n" in text
    wait = "            await asyncio.sleep(random.uniform(0, RETRY_WAIT * 2**attempt))\n"
    assert f"{wait}            continue  # once more\n" in text
    assert "RETRY_WAIT = ...  # decide: seconds" in text
    assert "idempotency key" in found.fix.check


def test_a_cache_of_results_gets_a_size(tmp_path: Path) -> None:
    source = """\
from functools import lru_cache

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def read(name: str):
    return found(name)


@lru_cache(maxsize=None)
def found(name: str):
    return name
"""
    _, text = shown(tmp_path, "HF701", source)
    assert "import functools\nfrom functools import lru_cache\n" in text
    assert "@functools.lru_cache(maxsize=CACHE_SIZE)\n" in text


def test_what_is_shown_stands_on_what_was_shown_before(tmp_path: Path) -> None:
    root = project(tmp_path, BAD["HF203"] + BAD["HF802"].replace("app = FastAPI()\n", ""))
    result = mended(root)
    text = (root / "main.py").read_bytes()
    assert len(result.shown) >= 2
    for one in result.shown:
        assert one.before == {"main.py": text}
        text = one.after["main.py"]


def test_a_name_that_is_used_again_is_pointed_at(tmp_path: Path) -> None:
    source = """\
import shutil

from fastapi import FastAPI, UploadFile

app = FastAPI()


@app.post("/")
def keep(file: UploadFile, other: UploadFile):
    with open(f"pictures/{file.filename}", "wb") as kept:
        shutil.copyfileobj(file.file, kept)
    return {"kept": file.filename, "beside": other.filename}
"""
    found, text = shown(tmp_path, "HF802", source)
    assert 'open(f"pictures/{uuid4().hex}", "wb")' in text
    assert found.fix.check.endswith("; it is used too in line 12")
