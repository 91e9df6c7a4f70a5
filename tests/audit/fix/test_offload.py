"""What blocks is awaited in a thread, and only where nothing can break by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit.fix.mending import mended, project, text_of

HEAD = """\
import time

import requests
from fastapi import FastAPI

app = FastAPI()


def fetch(url, timeout=1.0):
    return requests.get(url, timeout=timeout)


"""


def changed(folder: Path, route: str, head: str = HEAD) -> str:
    """Return what becomes of the lines of a route below `head`."""
    text = text_of(folder, head + route)
    return text[text.index("@app") :]


OVER_LINES = """\
    return await asyncio.to_thread(
        fetch,
        'http://a',  # one
        timeout=2.0,
    )"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    return fetch('http://a')", "    return await asyncio.to_thread(fetch, 'http://a')"),
        (
            "    return fetch('http://a').json()",
            "    return (await asyncio.to_thread(fetch, 'http://a')).json()",
        ),
        ("    return fetch('http://a')[0]", "    return (await asyncio.to_thread(fetch, 'http://a'))[0]"),
        ("    return [fetch(url='a')][0]", "    return [await asyncio.to_thread(fetch, url='a')][0]"),
        ("    x = (fetch('a'))  # now", "    x = (await asyncio.to_thread(fetch, 'a'))  # now"),
        ("    return f'{fetch(1)}'", "    return f'{await asyncio.to_thread(fetch, 1)}'"),
        ("    return not fetch(*[1])", "    return not await asyncio.to_thread(fetch, *[1])"),
        (
            "    return fetch(\n        'http://a',  # one\n        timeout=2.0,\n    )",
            OVER_LINES,
        ),
        (
            "    return sorted('ab', key=lambda url: fetch(url).text)",
            "    return await asyncio.to_thread(sorted, 'ab', key=lambda url: fetch(url).text)",
        ),
        ("    time.sleep(1); x = 2", "    await asyncio.sleep(1); x = 2"),
        ("    'é'; fetch('a')", "    'é'; await asyncio.to_thread(fetch, 'a')"),
    ],
)
def test_the_call_is_awaited_in_a_thread(before: str, after: str, tmp_path: Path) -> None:
    route = "@app.get('/')\nasync def read():\n"
    assert changed(tmp_path, f"{route}{before}\n") == f"{route}{after}\n"


@pytest.mark.parametrize(
    "body",
    [
        "    return [fetch(url) for url in 'ab']",
        "    return lambda: fetch('a')",
        "    with open('a') as file:\n        return file.read()",
        "    class Local:\n        text = fetch('a')\n    return Local.text",
    ],
)
def test_where_no_await_may_stand_nothing_is_applied(body: str, tmp_path: Path) -> None:
    route = f"@app.get('/')\nasync def read():\n{body}\n"
    assert changed(tmp_path, route) == route


@pytest.mark.parametrize(
    ("imported", "called"),
    [
        ("from fastapi.concurrency import run_in_threadpool", "run_in_threadpool"),
        ("import anyio", "anyio.to_thread.run_sync"),
        ("from anyio import to_thread", "to_thread.run_sync"),
        ("import asyncio", "asyncio.to_thread"),
    ],
)
def test_threads_are_asked_for_as_the_file_does_already(imported: str, called: str, tmp_path: Path) -> None:
    text = text_of(tmp_path, f"{imported}\n{HEAD}@app.get('/')\nasync def read():\n    return fetch('a')\n")
    assert f"return await {called}(fetch, 'a')" in text
    assert text.count("import asyncio") == ("asyncio" in called)


SESSIONS = """\
from fastapi import FastAPI
from sqlalchemy.orm import Session

app = FastAPI()


def count(session: Session):
    return session.execute("select 1").scalar()


"""


def test_a_session_does_not_leave_its_thread(tmp_path: Path) -> None:
    route = "@app.get('/')\nasync def read(session: Session):\n    return count(session)\n"
    root = project(tmp_path, SESSIONS + route)
    result = mended(root)
    assert result.texts == {}
    [shown] = [one for one in result.shown if one.fix.finding.rule == "HF101"]
    assert "check-then-act" in shown.fix.check
    assert "\ndef read(session: Session):" in shown.after["main.py"].decode()


def test_a_route_that_awaits_stays_as_it_is(tmp_path: Path) -> None:
    route = "@app.get('/')\nasync def read(session: Session):\n    await other()\n    return count(session)\n"
    result = mended(project(tmp_path, f"{SESSIONS}async def other(): ...\n\n\n{route}"))
    assert result.texts == {}
    assert not [one for one in result.shown if one.fix.finding.rule == "HF101"]


@pytest.mark.parametrize("line", ["    seen[url] = 1", "    seen.append(url)", "    global last; last = url"])
def test_what_writes_shared_state_is_only_shown(line: str, tmp_path: Path) -> None:
    head = HEAD.replace("def fetch", "seen = {}\n\n\ndef fetch").replace("    return", f"{line}\n    return")
    root = project(tmp_path, head + "@app.get('/')\nasync def read():\n    return fetch('a')\n")
    result = mended(root)
    assert result.texts == {}
    [shown] = result.shown
    assert "fetch() writes" in shown.fix.check
    assert "await asyncio.to_thread(fetch, 'a')" in shown.after["main.py"].decode()


@pytest.mark.parametrize(
    ("body", "check"),
    [
        ("    seen[1] = 2\n    return fetch('a')", "read() writes `seen[...]`"),
        ("    seen.update(a=1)\n    return fetch('a')", "read() writes `seen"),
        ("    return subprocess.run(['ls'])", "it starts a process"),
        ("    return shutil.make_archive('a', 'zip')", "files that another request uses"),
        ("    return clickhouse_driver.Client('a').execute('b')", "takes one call at a time"),
    ],
)
def test_what_others_could_meet_is_only_shown(body: str, check: str, tmp_path: Path) -> None:
    imports = "import shutil\nimport subprocess\n\nimport clickhouse_driver\n\nseen = {}\n"
    result = mended(project(tmp_path, f"{imports}{HEAD}@app.get('/')\nasync def read():\n{body}\n"))
    assert result.texts == {}
    assert [check in one.fix.check for one in result.shown if one.fix.finding.rule == "HF101"] == [True]


def test_what_belongs_to_the_request_may_be_written(tmp_path: Path) -> None:
    route = (
        "@app.get('/')\nasync def read(request: Request, response: Response):\n"
        "    request.state.seen = True\n    response.headers['x'] = 'y'\n    found = {}\n"
        "    found['a'] = fetch('a')\n    return found\n"
    )
    head = HEAD.replace("import FastAPI", "import FastAPI, Request, Response")
    assert "found['a'] = await asyncio.to_thread(fetch, 'a')" in changed(tmp_path, route, head)


def test_a_computation_leaves_the_loop_where_the_loop_calls_it(tmp_path: Path) -> None:
    text = text_of(
        tmp_path,
        """
        from fastapi import FastAPI

        app = FastAPI()


        def resampled(amounts):
            return [sum(amounts) for _ in range(1000)]


        def report(amounts):
            return resampled(amounts)


        @app.get("/report")
        async def read(amounts: list[int]):
            return report(amounts)
        """,
    )
    assert "return await asyncio.to_thread(report, amounts)" in text
    assert text.startswith("import asyncio\n\nfrom fastapi import FastAPI\n")


def test_a_fix_that_would_hide_another_finding_is_shown_and_says_so(tmp_path: Path) -> None:
    route = "@app.get('/')\nasync def read():\n    return requests.get('http://a').text\n"
    root = project(tmp_path, HEAD + route)
    result = mended(root)  # no budget: nobody knows how long the call may take
    assert result.texts == {}
    assert [(fix.finding.rule, why) for fix, why in result.refused] == [
        ("HF101", "it would hide HF202 in read")
    ]
    assert {one.fix.finding.rule for one in result.shown} >= {"HF101", "HF202"}
