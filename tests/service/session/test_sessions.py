from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from fastapi import Depends, FastAPI
from fastapi.responses import RedirectResponse
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from holdfast import Holdfast
from holdfast.errors import UsageError
from holdfast.service.session import Session
from holdfast.service.session.ticket import Tickets
from tests.service.asgi import lifespan
from tests.service.response.made import Answer, ask

pytestmark = pytest.mark.anyio

SECRET = "k" * 32
BUDGET = """
[service]
name = "shop"
[cache.session]
ttl = "30m"
bytes = "1MiB"
"""


class Visitor(BaseModel):
    name: str
    seen: int = 0


def held(folder: Path, budget: str = BUDGET) -> FastAPI:
    (folder / "holdfast.toml").write_text(budget, encoding="utf-8")
    app = FastAPI()
    hold = Holdfast(app, budget=folder / "holdfast.toml")
    sessions = hold.sessions("session", Visitor)
    current = Depends(sessions)

    @app.get("/login/{name}")
    async def login(name: str, session: Session[Visitor] = current) -> RedirectResponse:
        await session.begin(Visitor(name=name))
        return RedirectResponse("/me")

    @app.get("/me")
    async def me(session: Session[Visitor] = current) -> dict[str, object]:
        if session.data is None:
            return {"name": None}
        await session.save(session.data.model_copy(update={"seen": session.data.seen + 1}))
        return session.data.model_dump()

    @app.get("/logout")
    async def logout(session: Session[Visitor] = current) -> None:
        await session.end()

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    return app


@asynccontextmanager
async def running(
    folder: Path, monkeypatch: pytest.MonkeyPatch, budget: str = BUDGET
) -> AsyncIterator[FastAPI]:
    monkeypatch.setenv("SESSION_SECRET", SECRET)
    app = held(folder, budget)
    async with lifespan(app):
        yield app


def ticket(answer: Answer) -> str:
    return SimpleCookie(answer.get("set-cookie") or "")["session"].value


def holding(value: str) -> list[tuple[str, str]]:
    return [("Cookie", f"session={value}")]


async def test_a_session_goes_from_login_to_logout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path, monkeypatch) as app:
        entered = await ask(app, "/login/ann")
        assert entered.status == 307  # the cookie goes with whatever is answered
        said = entered.get("set-cookie") or ""
        assert all(word in said for word in ("HttpOnly", "Secure", "SameSite=lax", "Max-Age=1800", "Path=/"))
        assert "ann" not in said
        held_ticket = ticket(entered)
        for seen in (1, 2):
            answer = await ask(app, "/me", holding(held_ticket))
            assert json.loads(answer.body) == {"name": "ann", "seen": seen}
            assert (answer.get("vary"), answer.get("cache-control")) == ("Cookie", "private")
        left = await ask(app, "/logout", holding(held_ticket))
        assert "Max-Age=0" in (left.get("set-cookie") or "")
        assert json.loads((await ask(app, "/me", holding(held_ticket))).body) == {"name": None}
        assert (await ask(app, "/plain", holding(held_ticket))).get("vary") is None


async def test_a_login_ends_what_the_caller_came_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, monkeypatch) as app:
        first = ticket(await ask(app, "/login/mallory"))
        second = ticket(await ask(app, "/login/ann", holding(first)))
        assert first != second
        assert json.loads((await ask(app, "/me", holding(first))).body) == {"name": None}
        assert json.loads((await ask(app, "/me", holding(second))).body)["name"] == "ann"


async def test_what_is_not_signed_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path, monkeypatch) as app:
        good = ticket(await ask(app, "/login/ann"))
        session_id, _, mac = good.partition(".")
        for bad in (
            session_id,
            f"{session_id}.",
            f"{session_id}.{mac[:-1]}x",
            f"x{good}",
            "a.b.c",
            "\xfc.x",
            ".",
        ):
            assert json.loads((await ask(app, "/me", holding(bad))).body) == {"name": None}, bad


async def test_workers_share_them_in_redis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    shared = (
        BUDGET + 'store = "redis"\nwait = "5s"\n[dependency.redis]\nkind = "redis"\nurl_env = "REDIS_URL"\n'
    )
    async with running(tmp_path, monkeypatch, shared) as one, running(tmp_path, monkeypatch, shared) as other:
        good = ticket(await ask(one, "/login/ann"))
        assert json.loads((await ask(other, "/me", holding(good))).body)["name"] == "ann"


async def test_sessions_of_several_workers_are_not_kept_in_one(tmp_path: Path) -> None:
    several = BUDGET.replace('name = "shop"', 'name = "shop"\nworkers = 2')
    with pytest.raises(UsageError, match="lie in Redis"):
        held(tmp_path, several)


@pytest.mark.parametrize(("secret", "why"), [("", "not set"), ("short", "at least 32")])
async def test_without_a_secret_the_service_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str, why: str
) -> None:
    monkeypatch.setenv("SESSION_SECRET", secret)
    with pytest.raises(AssertionError, match=why):
        async with lifespan(held(tmp_path)):
            pass


def test_a_new_secret_signs_and_an_old_one_is_still_known() -> None:
    old, new = Tickets.of("S", {"S": "o" * 32}), Tickets.of("S", {"S": f"{'n' * 32},{'o' * 32}"})
    assert new.read(old.sign("id")) == "id"
    assert old.read(new.sign("id")) is None
    assert new.stored_as("id") not in new.sign("id")


@given(st.text(max_size=80))
def test_no_text_is_a_ticket(text: str) -> None:
    assert Tickets((b"k" * 32,)).read(text) is None
