"""What is said of a route's responses, from the budget and from what the route reads."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Cookie, Depends, FastAPI, Header, Response
from fastapi.responses import StreamingResponse
from fastapi.security import APIKeyCookie, APIKeyHeader, APIKeyQuery, HTTPBearer
from starlette.middleware.gzip import GZipMiddleware

from holdfast import Holdfast
from holdfast.errors import BudgetError, UsageError
from holdfast.service.response import Preconditions
from tests.service.response.made import Answer, Rig, running

pytestmark = pytest.mark.anyio

HEAD = '[service]\nname = "shop"\n[cache.pages]\nttl = "10m"\nbytes = "1MiB"\nnegative = "5s"\n'
Routes = Callable[[FastAPI, Holdfast], None]


def budget(*lines: str) -> str:
    return HEAD + '[response.page]\nroutes = ["GET /page"]\n' + "\n".join(lines) + "\n"


def at(endpoint: Callable[..., object], path: str = "/page") -> Routes:
    def routes(app: FastAPI, hold: Holdfast) -> None:
        app.get(path)(endpoint)

    return routes


async def plain() -> str:
    return "kelp"


async def said(folder: Path, *lines: str, endpoint: Callable[..., object] = plain) -> Answer:
    async with running(folder, at(endpoint), budget(*lines)) as rig:
        return await rig.ask()


@pytest.mark.parametrize(
    ("lines", "header"),
    [
        (['max_age = "60s"'], "max-age=60"),
        (
            ['visibility = "public"', 'max_age = "60s"', 's_maxage = "10m"'],
            "public, max-age=60, s-maxage=600",
        ),
        (['visibility = "private"', 'max_age = "60s"'], "private, max-age=60"),
        (['visibility = "no-store"'], "no-store"),
        (['max_age = "8760h"', "immutable = true"], "max-age=31536000, immutable"),
        (["no_cache = true"], "no-cache"),
        (['max_age = "60s"', "must_revalidate = true"], "max-age=60, must-revalidate"),
        (
            ['max_age = "1s"', 'stale_while_revalidate = "30s"', 'stale_if_error = "1h"'],
            "max-age=1, stale-while-revalidate=30, stale-if-error=3600",
        ),
        ([], None),
    ],
)
async def test_cache_control_is_what_the_budget_says(
    tmp_path: Path, lines: list[str], header: str | None
) -> None:
    assert (await said(tmp_path, *lines)).get("cache-control") == header


async def test_what_the_route_says_itself_stays(tmp_path: Path) -> None:
    async def own(response: Response) -> str:
        response.headers["cache-control"] = "max-age=1"
        response.headers["etag"] = '"own"'
        response.headers["vary"] = "accept-language"
        return "kelp"

    answer = await said(tmp_path, 'max_age = "60s"', 'vary = ["accept-language", "x-shop"]', endpoint=own)
    assert answer.get("cache-control") == "max-age=1"
    assert answer.get("etag") == '"own"'
    assert answer.get("vary") == "accept-language, X-Shop"


@pytest.mark.parametrize(("kind", "tag"), [("strong", '"'), ("weak", 'W/"'), ("off", None)])
async def test_an_entity_tag_is_of_the_bytes(tmp_path: Path, kind: str, tag: str | None) -> None:
    answer = await said(tmp_path, 'max_age = "60s"', f'etag = "{kind}"')
    found = answer.get("etag")
    assert found is None if tag is None else (found or "").startswith(tag)


async def test_what_comes_in_parts_has_no_tag_and_stays_as_it_is(tmp_path: Path) -> None:
    async def parts() -> StreamingResponse:
        async def pieces() -> object:
            for number in range(5):
                yield bytes([number, 255])

        return StreamingResponse(pieces(), media_type="application/octet-stream")  # type: ignore[arg-type]

    answer = await said(tmp_path, 'max_age = "60s"', endpoint=parts)
    assert (answer.body, answer.get("etag")) == (bytes([0, 255, 1, 255, 2, 255, 3, 255, 4, 255]), None)
    assert answer.parts >= 5


async def bearer(token: Annotated[object, Depends(HTTPBearer(auto_error=False))]) -> str:
    return "mine"


async def keyed(key: Annotated[object, Depends(APIKeyHeader(name="x-key", auto_error=False))]) -> str:
    return "mine"


async def cookied(seen: Annotated[str, Cookie()] = "") -> str:
    return "mine"


async def authorized(authorization: Annotated[str, Header()] = "") -> str:
    return "mine"


async def queried(key: Annotated[object, Depends(APIKeyQuery(name="key", auto_error=False))]) -> str:
    return "mine"


async def cookie_keyed(key: Annotated[object, Depends(APIKeyCookie(name="key", auto_error=False))]) -> str:
    return "mine"


@pytest.mark.parametrize(
    ("endpoint", "vary"),
    [
        (bearer, "Authorization"),
        (keyed, "X-Key"),
        (cookied, "Cookie"),
        (cookie_keyed, "Cookie"),
        (authorized, "Authorization"),
        (queried, None),
    ],
)
async def test_a_route_that_knows_who_asks_is_private(
    tmp_path: Path, endpoint: Callable[..., object], vary: str | None
) -> None:
    answer = await said(tmp_path, 'max_age = "60s"', endpoint=endpoint)
    assert answer.get("cache-control") == "private, max-age=60"
    assert answer.get("vary") == vary  # or one user's browser would show it to the next one
    public = await said(tmp_path, 'max_age = "60s"', 'visibility = "public"', endpoint=endpoint)
    assert public.get("vary") is None
    for wrong in ('cache = "pages"', 's_maxage = "60s"'):
        rig = Rig(tmp_path, budget('max_age = "60s"', wrong), at(endpoint))
        with pytest.raises(UsageError, match="authenticates or reads cookies"):
            rig.app.build_middleware_stack()


def x_lane(x_lane: Annotated[str, Header()] = "") -> str:
    return x_lane


async def test_headers_that_a_route_takes_are_what_it_varies_on(tmp_path: Path) -> None:
    async def page(
        lane: Annotated[str, Depends(x_lane)], accept_language: Annotated[str, Header()] = ""
    ) -> str:
        return f"{lane} {accept_language}"

    async with running(tmp_path, at(page), budget('max_age = "60s"', 'cache = "pages"')) as rig:
        answer = await rig.ask()
        assert answer.get("vary") == "Accept-Language, X-Lane", answer
        for value in ("a", "b", "a"):
            assert json.loads((await rig.ask("/page", [("X-Lane", value)])).body) == f"{value} "
        assert rig.outcomes() == ["miss", "miss", "miss", "hit"]


async def test_absences_are_remembered_for_their_own_time_and_failures_are_not(tmp_path: Path) -> None:
    async def page(status: int = 200) -> Response:
        return Response("kelp", status_code=status)

    async with running(tmp_path, at(page), budget('max_age = "60s"', 'cache = "pages"')) as rig:
        found = [
            (await rig.ask("/page", query=f"status={status}")).get("cache-control")
            for status in (200, 404, 410, 401, 500, 302)
        ]
        assert found == ["max-age=60", "max-age=5", "max-age=5", None, None, None]


async def test_tags_are_said_to_a_cdn(tmp_path: Path) -> None:
    async def page(number: str, response: Response) -> str:
        response.headers["cache-tag"] = "own"
        return number

    lines = HEAD + '[response.page]\nroutes = ["GET /page/{number}"]\nmax_age = "60s"\n'
    lines += 'tags = ["page:{number}", "pages"]\ntag_header = "cache-tag"\n'
    async with running(tmp_path, at(page, "/page/{number}"), lines) as rig:
        assert (await rig.ask("/page/7")).get("cache-tag") == "own,page:7,pages"
        assert (await rig.ask("/page/a, b")).get("cache-tag") == "own,page:a%2C%20b,pages"


LONG = "kelp " * 400


async def big(secret: str = "") -> Response:
    response = Response(LONG, media_type="text/plain")
    if secret == "cookie":
        response.set_cookie("a", "b")
    elif secret:
        name, _, value = secret.partition(":")
        response.headers[name] = value
    return response


GZIP = [("Accept-Encoding", "br, gzip")]


async def test_what_is_no_secret_is_compressed(tmp_path: Path) -> None:
    async with running(
        tmp_path, at(big), budget('max_age = "60s"', "compress = true", 'cache = "pages"')
    ) as rig:
        whole, small = await rig.ask(), await rig.ask("/page", GZIP)
        assert (whole.get("content-encoding"), small.get("content-encoding")) == (None, "gzip")
        assert whole.get("vary") == small.get("vary") == "Accept-Encoding"
        assert gzip.decompress(small.body) == whole.body
        assert small.get("etag") == f"W/{whole.get('etag')}"
        for accepts, coding in (("gzip;q=0.5, br", "gzip"), ("*", "gzip"), ("gzip;q=0", None), ("br", None)):
            again = await rig.ask("/page", [("Accept-Encoding", accepts)])
            assert again.get("content-encoding") == coding
            assert again.get("age") == "0"  # two are stored, however it is asked for
        unchanged = await rig.ask("/page", [*GZIP, ("If-None-Match", small.get("etag") or "")])
        assert unchanged.status == 304


@pytest.mark.parametrize(
    ("fields", "secret"),
    [
        ([("Cookie", "session=ann")], ""),
        ([("Authorization", "Bearer ann")], ""),
        ([], "cookie"),
        ([], "X-CSRF-Token:abc"),
        ([], "Cache-Control:private"),
        ([], "Cache-Control:no-store"),
        ([], "Cache-Control:no-transform"),
    ],
)
async def test_nothing_is_compressed_beside_a_secret(
    tmp_path: Path, fields: list[tuple[str, str]], secret: str
) -> None:
    async with running(tmp_path, at(big), budget('max_age = "60s"', "compress = true")) as rig:
        answer = await rig.ask("/page", [*GZIP, *fields], query=f"secret={secret}")
        assert (answer.get("content-encoding"), answer.body) == (None, LONG.encode())


async def test_a_secured_route_is_never_compressed(tmp_path: Path) -> None:
    async def mine(token: Annotated[object, Depends(HTTPBearer(auto_error=False))]) -> Response:
        return Response(LONG)

    async with running(tmp_path, at(mine), budget('max_age = "60s"', "compress = true")) as rig:
        assert (await rig.ask("/page", GZIP)).get("content-encoding") is None


async def test_beside_a_compressing_middleware_tags_are_weak(tmp_path: Path) -> None:
    def routes(app: FastAPI, hold: Holdfast) -> None:
        app.get("/page")(big)
        app.add_middleware(GZipMiddleware)

    async with running(tmp_path, routes, budget('max_age = "60s"')) as rig:
        assert ((await rig.ask("/page", GZIP)).get("etag") or "").startswith("W/")


async def test_a_decorator_names_a_section_and_a_router_may_be_there_twice(tmp_path: Path) -> None:
    def routes(app: FastAPI, hold: Holdfast) -> None:
        router = APIRouter()

        @router.get("/page")
        @hold.response("page")
        async def page() -> str:
            return "kelp"

        app.include_router(router, prefix="/open")
        app.include_router(router, prefix="/closed", dependencies=[Depends(HTTPBearer(auto_error=False))])

    async with running(tmp_path, routes, HEAD + '[response.page]\nmax_age = "60s"\n') as rig:
        assert (await rig.ask("/open/page")).get("cache-control") == "max-age=60"
        assert (await rig.ask("/closed/page")).get("cache-control") == "private, max-age=60"


async def test_a_version_answers_before_the_work_and_guards_the_change(tmp_path: Path) -> None:
    worked: list[str] = []
    changed = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def routes(app: FastAPI, hold: Holdfast) -> None:
        @app.api_route("/page", methods=["GET", "PUT"])
        async def page(match: Annotated[Preconditions, Depends()], needed: bool = False) -> str:
            match.check(etag="v7", modified=changed, required=needed)
            worked.append("work")
            return "kelp"

    async with running(tmp_path, routes, HEAD) as rig:

        async def status(method: str, *fields: tuple[str, str], query: str = "") -> int:
            return (await rig.ask("/page", fields, method=method, query=query)).status

        first = await rig.ask()
        assert (first.get("etag"), first.get("last-modified")) == ('"v7"', "Fri, 02 Jan 2026 03:04:05 GMT")
        assert await status("GET", ("If-None-Match", '"v7"')) == 304
        assert await status("GET", ("If-Modified-Since", "Fri, 02 Jan 2026 03:04:05 GMT")) == 304
        assert await status("PUT", ("If-Match", '"v6"')) == 412
        assert await status("PUT", ("If-None-Match", "*")) == 412
        assert await status("PUT", query="needed=1") == 428
        assert worked == ["work"]
        changed_now = await rig.ask("/page", [("If-Match", '"v7"')], method="PUT", query="needed=1")
        assert (changed_now.status, changed_now.get("etag")) == (200, None)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ('visibility = "private"\ncache = "pages"', "private"),
        ('visibility = "private"\ns_maxage = "1s"', "private"),
        ('visibility = "no-store"\nmax_age = "1s"', "nobody keeps"),
        ('cache = "nowhere"', "no cache is named"),
        ('must_revalidate = true\nstale_if_error = "1s"', "forbids"),
        ('routes = ["POST /page"]', "GET"),
        ('vary = ["a b"]', "name of a header"),
        ('tags = ["a b"]', "without spaces"),
    ],
)
def test_contradictions_are_told_with_their_place(tmp_path: Path, lines: str, why: str) -> None:
    (tmp_path / "holdfast.toml").write_text(f"{HEAD}[response.page]\n{lines}\n", encoding="utf-8")
    with pytest.raises(BudgetError, match=why) as mistake:
        Holdfast(FastAPI(), budget=tmp_path / "holdfast.toml")
    assert "holdfast.toml" in mistake.value.place


@pytest.mark.parametrize(
    ("lines", "why"),
    [('routes = ["GET /pages"]', "no route"), ('routes = ["GET /page"]\ntags = ["{x}"]', "x")],
)
def test_what_the_app_does_not_have_is_told(tmp_path: Path, lines: str, why: str) -> None:
    rig = Rig(tmp_path, f"{HEAD}[response.page]\n{lines}\n", at(plain))
    with pytest.raises(UsageError, match=why) as mistake:
        rig.app.build_middleware_stack()
    assert "holdfast.toml" in mistake.value.place


async def test_a_name_that_the_budget_has_not_is_told(tmp_path: Path) -> None:
    rig = Rig(tmp_path, budget('max_age = "60s"'), at(plain))
    with pytest.raises(UsageError, match="known: page"):
        rig.hold.response("pages")
