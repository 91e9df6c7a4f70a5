"""What was made for one caller is never shown to another, unless it was said that it is for both."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from pathlib import Path

import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast import Holdfast
from tests.service.response.made import BUDGET, Answer, Fields, Rig, ask, running

CALLERS: tuple[Fields, ...] = (
    (),
    (("Authorization", "Bearer ann"),),
    (("Authorization", "Bearer bob"),),
    (("Cookie", "session=ann"),),
    (("Cookie", "session=bob"),),
    (("X-User", "ann"),),
    (("X-User", "bob"),),
    (("Authorization", "Bearer ann"), ("Cookie", "session=bob")),
)
CONTROL = (
    "",
    "max-age=60",
    "private, max-age=60",
    "no-store, max-age=60",
    "no-cache, max-age=60",
    "public, max-age=60",
    "s-maxage=60",
    "max-age=60, must-revalidate",
    "public, private, max-age=60",
    "max-age=1, stale-while-revalidate=60, stale-if-error=60",
)
VARIES = ("", "X-User", "Cookie", "Authorization", "x-user, cookie", "*")
REQUESTS = ("", "no-cache", "max-age=0", "max-stale", "only-if-cached", "no-store")


def identity(fields: Fields) -> str:
    """Return who asks: everything by which a route could tell callers apart."""
    return "|".join(f"{name.lower()}={value}" for name, value in sorted(fields))


def routes(app: FastAPI, hold: Holdfast) -> None:
    @app.get("/{path:path}")
    async def page(request: Request, path: str, cc: str, vary: str, cookie: int, status: int) -> Response:
        names = ("authorization", "cookie", "x-user")
        who = "|".join(f"{name}={request.headers[name]}" for name in names if name in request.headers)
        await asyncio.sleep(0)
        response = Response(who or "nobody", status_code=status, headers={"etag": f'"{abs(hash(who))}"'})
        if cc:
            response.headers["cache-control"] = cc
        if vary:
            response.headers["vary"] = vary
        if cookie:
            response.set_cookie("seen", who or "nobody")
        return response


def query(cc: str, vary: str, cookie: int, status: int) -> str:
    values = {"cc": cc, "vary": vary, "cookie": cookie, "status": status}
    return "&".join(f"{name}={str(value).replace(' ', '%20')}" for name, value in values.items())


def may_see(owner: str, reader: str, cc: str, vary: str, cookie: int) -> bool:
    """Whether what was made for `owner` may be shown to `reader`, by the words of RFC 9111 alone."""
    said = {word.strip().partition("=")[0] for word in cc.split(",")}
    if cookie or said & {"private", "no-store"} or "*" in vary:
        return False
    shared = said & {"public", "s-maxage"}
    for one in (owner, reader):
        if "cookie=" in one and not shared:
            return False
        if "authorization=" in one and not (shared or "must-revalidate" in said):
            return False

    def part(of: str, name: str) -> str:
        return next((p for p in of.split("|") if p.startswith(f"{name}=")), "")

    names = [name.strip().lower() for name in vary.split(",") if name.strip()]
    return all(part(owner, name) == part(reader, name) for name in names)


def check(answer: Answer, reader: Fields, cc: str, vary: str, cookie: int) -> None:
    seen, own = answer.body.decode(), identity(reader) or "nobody"
    if answer.status == 504 or not seen:
        return
    assert seen == own or may_see(seen.replace("nobody", ""), own.replace("nobody", ""), cc, vary, cookie)
    if answer.get("age") is not None:
        assert answer.get("set-cookie") is None
    if answer.get("set-cookie") is not None:
        assert seen == own


@pytest.mark.parametrize("vary", VARIES)
def test_no_pair_of_callers_and_no_words_of_a_route_show_one_to_the_other(vary: str, tmp_path: Path) -> None:
    # An app for each: a route learns what it varies on, and keeps all the more apart from then on.
    async def run() -> tuple[int, int]:
        stored = [0, 0]
        async with running(tmp_path, routes) as rig:
            pairs = itertools.permutations(CALLERS[:-1], 2)
            for number, (cc, cookie, (first, second)) in enumerate(itertools.product(CONTROL, (0, 1), pairs)):
                if cookie and cc not in ("max-age=60", "public, max-age=60"):
                    continue
                words = query(cc, vary, cookie, 200)
                for reader in (first, second):
                    answer = await rig.ask(f"/p{number}", reader, query=words)
                    check(answer, reader, cc, vary, cookie)
                    stored[cookie] += answer.get("age") is not None
        return stored[0], stored[1]

    shared, with_cookies = asyncio.run(run())
    assert not with_cookies
    assert shared > 0 or vary != ""  # it does keep what may be shared


steps = st.lists(
    st.tuples(st.sampled_from(CALLERS), st.sampled_from(REQUESTS), st.sampled_from(("GET", "GET", "HEAD"))),
    min_size=2,
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(
    cc=st.lists(st.sampled_from(CONTROL), min_size=1, max_size=2).map(", ".join),
    vary=st.sampled_from(VARIES),
    cookie=st.sampled_from((0, 0, 1)),
    status=st.sampled_from((200, 200, 404, 302, 500, 206)),
    steps=steps,
    together=st.booleans(),
    moved=st.sampled_from((0, 0, 5)),
)
def test_no_sequence_and_no_crowd_does(
    cc: str,
    vary: str,
    cookie: int,
    status: int,
    steps: list[tuple[Fields, str, str]],
    together: bool,
    moved: int,
) -> None:
    async def one(rig: Rig, reader: Fields, control: str, method: str) -> None:
        more = [("Cache-Control", control)] if control else []
        words = query(cc, vary, cookie, status)
        answer = await ask(rig.app, "/page", [*reader, *more], method=method, query=words)
        assert method != "HEAD" or not answer.body
        check(answer, reader, cc, vary, cookie)

    async def run(folder: Path) -> None:
        async with running(folder, routes, BUDGET) as rig:
            for part in (steps, steps[::-1]):
                work = [one(rig, *step) for step in part]
                if together:
                    await asyncio.gather(*work)
                else:
                    for call in work:
                        await call
                rig.moved += moved

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))
