"""Tasks are kept in a set until they are done."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

from tests.audit.fix.mending import mended, project, text_of

SOURCE = """
import asyncio

from fastapi import FastAPI

app = FastAPI()
done = []


async def note(order):
    await asyncio.sleep(0)
    done.append(order)


@app.post("/orders/{number}")
async def order(number: int):
    task = "taken"
    if number:
        asyncio.create_task(note(number))  # later
    return task
"""


def test_the_task_is_kept_and_leaves_when_it_is_done(tmp_path: Path) -> None:
    text = text_of(tmp_path, SOURCE)
    assert (
        "import FastAPI\n\nbackground_tasks: set[asyncio.Future[object]] = set()\n\napp = FastAPI()\n" in text
    )
    assert (
        "        task_2 = asyncio.create_task(note(number))  # later\n"
        "        background_tasks.add(task_2)\n"
        "        task_2.add_done_callback(background_tasks.discard)\n"
    ) in text
    space: dict[str, object] = {}
    exec(compile(text, "main.py", "exec"), space)

    async def run() -> int:
        assert await space["order"](1) == "taken"  # type: ignore[operator]
        gc.collect()
        kept = len(space["background_tasks"])  # type: ignore[arg-type]
        await asyncio.gather(*space["background_tasks"])  # type: ignore[misc]
        await asyncio.sleep(0)  # its callback comes in the next turn
        assert not space["background_tasks"]
        return kept

    assert asyncio.run(run()) == 1
    assert space["done"] == [1]


def test_several_tasks_share_the_set(tmp_path: Path) -> None:
    text = text_of(
        tmp_path, SOURCE + "\n\n@app.get('/')\nasync def again():\n    asyncio.create_task(note(2))\n"
    )
    assert text.count("set[asyncio.Future[object]]") == 1
    assert text.count("background_tasks.add(") == 2


def test_one_that_shares_its_line_is_left(tmp_path: Path) -> None:
    source = SOURCE.replace("  # later", "; pass")
    result = mended(project(tmp_path, source))
    assert result.texts == {}
    assert result.refused == []
