from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from fastapi import Depends, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.authentication import AuthCredentials, AuthenticationBackend, BaseUser, SimpleUser
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from holdfast import Holdfast
from holdfast.errors import BudgetError, RateLimited, UsageError
from holdfast.telemetry import process
from holdfast.telemetry.exposition import render_process
from tests.service.asgi import lifespan
from tests.service.ratelimit.held import User, ask, held, user

pytestmark = pytest.mark.anyio

CLIENT = """
[ratelimit.orders]
limits = ["2/h"]
key = "client"
routes = ["GET /orders"]
"""


def statuses(answers: list[Any]) -> list[int]:
    return [answer.status for answer in answers]


async def many(app: FastAPI, count: int, path: str = "/orders", **options: Any) -> list[int]:
    return [(await ask(app, path, **options)).status for _ in range(count)]


def counted(metric: str) -> float:
    """Return the value of a line of this process's metrics, 0 where there is none."""
    lines = (line.rpartition(" ") for line in render_process().decode().splitlines())
    return next((float(value) for name, _, value in lines if name == metric), 0.0)


async def test_a_client_beyond_its_limit_is_told_when_to_come_back(tmp_path: Path) -> None:
    app, _ = held(tmp_path, CLIENT)
    before = counted('holdfast_ratelimited_total{limit="orders"}')
    assert await many(app, 2) == [200, 200]
    refused = await ask(app)
    assert refused.status == 429
    assert 1700 < int(refused.headers["retry-after"]) <= 1800
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["holdfast-outcome"] == "ratelimited"
    document = json.loads(refused.body)
    assert document["type"] == "urn:holdfast:ratelimited"
    assert document["status"] == 429
    assert document["violated-policies"] == ["orders"]
    assert document["retry_after"] == int(refused.headers["retry-after"])
    assert document["request_id"] == refused.headers["x-request-id"]
    assert await many(app, 1, peer="203.0.113.10") == [200]
    assert counted('holdfast_ratelimited_total{limit="orders"}') == before + 1


async def test_every_answer_tells_of_the_limits(tmp_path: Path) -> None:
    toml = """
    [ratelimit.orders]
    limits = ["10/s", "1000/h"]
    burst = 5
    key = "client"
    routes = ["GET /orders"]
    [ratelimit.all]
    limits = ["100/15min"]
    key = "client"
    routes = ["GET /orders"]
    """
    app, _ = held(tmp_path, toml)
    answer = await ask(app)
    assert answer.headers["ratelimit-policy"] == (
        '"orders-10/s";q=10;w=1;holdfast-burst=5, "orders-1000/h";q=1000;w=3600;holdfast-burst=5, '
        '"all";q=100;w=900'
    )
    assert answer.headers["ratelimit"] == '"orders-10/s";r=4;t=1, "orders-1000/h";r=4;t=4, "all";r=99;t=9'
    assert await many(app, 4) == [200] * 4
    refused = await ask(app)
    assert refused.status == 429
    assert (
        json.loads(refused.body)["violated-policies"] == ["orders-1000/h"] or refused.headers["retry-after"]
    )
    assert '"all";r=95;' in refused.headers["ratelimit"]  # what one refuses is charged to none


async def test_routes_without_a_limit_are_told_nothing(tmp_path: Path) -> None:
    app, _ = held(tmp_path, CLIENT)
    answer = await ask(app, "/orders/7")
    assert answer.status == 200
    assert "ratelimit" not in answer.headers
    assert await many(app, 5, "/orders", method="PUT") == [405] * 5


async def test_a_template_is_one_limit_and_included_routers_are_apart(tmp_path: Path) -> None:
    toml = """
    [ratelimit.items]
    limits = ["2/h"]
    key = "client"
    routes = ["GET /v1/items/{name}", "GET /orders/{number}"]
    """
    app, _ = held(tmp_path, toml)
    assert [(await ask(app, path)).status for path in ("/v1/items/a", "/orders/1", "/v1/items/b")] == [
        200,
        200,
        429,
    ]
    assert await many(app, 4, "/v2/items/a") == [200] * 4


async def test_a_refused_call_is_not_read(tmp_path: Path) -> None:
    app, _ = held(tmp_path, CLIENT.replace("GET", "POST"))
    assert await many(app, 2, method="POST", body=b"{}") == [200, 200]
    assert await many(app, 1, method="POST", body=b"not json") == [429]
    assert (await ask(app, method="POST", body=b"not json", peer="203.0.113.1")).status == 422


async def test_through_a_trusted_proxy_clients_are_apart_and_cannot_hide(tmp_path: Path) -> None:
    app, _ = held(tmp_path, CLIENT + '[trust]\nproxies = ["10.0.0.0/8"]\n')

    async def via(header: str, peer: str = "10.0.0.1") -> int:
        return (await ask(app, peer=peer, headers={"x-forwarded-for": header})).status

    assert [await via(f"6.6.6.{n}, 203.0.113.9") for n in range(3)] == [200, 200, 429]
    assert await via("203.0.113.10") == 200
    assert [await via(f"203.0.113.{n}", peer="198.51.100.1") for n in range(3)] == [200, 200, 429]


async def test_api_keys_are_apart_and_kept_hashed(tmp_path: Path) -> None:
    toml = CLIENT.replace('"client"', '"api-key"') + 'header = "X-Token"\n'
    app, hold = held(tmp_path, toml)

    async def call(key: str) -> int:
        return (await ask(app, headers={"x-token": key})).status

    assert [await call("one") for _ in range(3)] == [200, 200, 429]
    assert await call("two") == 200
    assert await many(app, 3) == [200, 200, 429]  # without a key: by address
    assert hold._running is not None
    limits: Any = hold._running.ratelimits
    kept = str(limits._guards["memory"]._store._states)
    assert "one" not in kept
    assert "api-key:" in kept


class Named(BaseUser):
    is_authenticated = True
    identity = "alice"


class Backend(AuthenticationBackend):
    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        name = conn.headers.get("x-user")
        if name is None:
            return None
        return AuthCredentials(), Named() if name == "alice" else SimpleUser(name)


async def test_principals_of_the_authentication_middleware(tmp_path: Path) -> None:
    app, _ = held(tmp_path, CLIENT.replace('"client"', '"principal"'))
    app.add_middleware(AuthenticationMiddleware, backend=Backend())

    async def call(headers: dict[str, str], peer: str) -> int:
        return (await ask(app, headers=headers, peer=peer)).status

    assert [await call({"x-user": "alice"}, f"203.0.113.{n}") for n in range(3)] == [200, 200, 429]
    assert await call({"x-user": "bob"}, "203.0.113.1") == 200
    assert [await call({}, "203.0.113.1") for _ in range(3)] == [200, 200, 429]


PRINCIPAL = """
[ratelimit.reports]
limits = ["10/h"]
key = "principal"
"""


async def test_a_dependency_knows_who_calls_and_what_it_costs(tmp_path: Path) -> None:
    app, hold = held(tmp_path, PRINCIPAL)

    def pages(connection: HTTPConnection) -> float:
        return float(connection.query_params.get("pages", 1))

    @app.get("/reports", dependencies=[Depends(hold.ratelimit("reports", key=user, cost=pages))])
    async def reports(request: Request) -> Response:
        return Response(b"made by hand")

    async def call(name: str, pages: int) -> Any:
        return await asked(app, f"pages={pages}", {"x-user": name})

    first = await call("alice", 7)
    assert first.status == 200
    assert first.headers["ratelimit"] == '"reports";r=3;t=360'  # also on an answer made by hand
    assert (await call("alice", 4)).status == 429
    assert (await call("alice", 3)).status == 200
    assert (await call("bob", 10)).status == 200
    beyond = await call("carol", 11)
    assert beyond.status == 429
    assert "retry-after" not in beyond.headers  # no wait would help
    assert (await call("dave", 0)).headers["ratelimit"].startswith('"reports";r=10;')


async def asked(app: FastAPI, query: str, headers: dict[str, str]) -> Any:
    from tests.service.asgi import Answer, keep, one_message, scope

    answer, sent = Answer(), scope("/reports", headers=headers)
    sent["query_string"] = query.encode()
    await app(sent, one_message(b""), keep(answer))
    return answer


async def test_a_dependency_whose_caller_is_nobody_goes_by_address(tmp_path: Path) -> None:
    app, hold = held(tmp_path, PRINCIPAL.replace("10/h", "1/h"))

    @app.get("/reports", dependencies=[Depends(hold.ratelimit("reports", key=user))])
    async def reports(who: User) -> str | None:
        return who

    assert [(await ask(app, "/reports", peer=f"203.0.113.{n}")).status for n in (1, 1, 2)] == [200, 429, 200]


async def test_a_caller_who_is_an_object_is_a_mistake(tmp_path: Path) -> None:
    app, hold = held(tmp_path, PRINCIPAL)
    app.get("/reports", dependencies=[Depends(hold.ratelimit("reports", key=lambda: object()))])(lambda: 1)
    with pytest.raises(UsageError, match="got object"):
        await ask(app, "/reports")


@pytest.mark.parametrize("cost", [-1.0, float("nan"), float("inf")])
async def test_a_cost_that_is_none_is_a_mistake(tmp_path: Path, cost: float) -> None:
    app, hold = held(tmp_path, PRINCIPAL)
    app.get("/reports", dependencies=[Depends(hold.ratelimit("reports", cost=cost))])(lambda: 1)
    with pytest.raises(ValueError, match="at least 0"):
        await ask(app, "/reports")


async def test_an_awaited_cost(tmp_path: Path) -> None:
    app, hold = held(tmp_path, PRINCIPAL)

    async def cost(connection: HTTPConnection) -> float:
        return 6.0

    app.get("/reports", dependencies=[Depends(hold.ratelimit("reports", cost=cost))])(lambda: 1)
    assert await many(app, 2, "/reports") == [200, 429]


def test_a_websocket_beyond_the_limit_is_not_accepted(tmp_path: Path) -> None:
    app, hold = held(tmp_path, PRINCIPAL.replace("10/h", "1/h"))

    @app.websocket("/live", dependencies=[Depends(hold.ratelimit("reports"))])
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    with TestClient(app) as client:
        with client.websocket_connect("/live") as socket:
            assert socket.receive_text() == "hello"
        with pytest.raises(WebSocketDisconnect) as ended, client.websocket_connect("/live"):
            pass
        assert ended.value.code == 1013


async def test_observing_it_counts_and_refuses_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app, _ = held(tmp_path, CLIENT + 'mode = "observe"\n')
    before = counted('holdfast_observed_total{policy="ratelimit orders"}')
    async with lifespan(app):
        assert await many(app, 5) == [200] * 5
        assert "ratelimit" not in (await ask(app)).headers
        assert counted('holdfast_observed_total{policy="ratelimit orders"}') == before + 4
        assert counted('holdfast_observing{policy="ratelimit orders",worker="0"}') == 1
    assert "ratelimit orders: only observes, as was decided" in caplog.text


async def test_off_it_is_not_there(tmp_path: Path) -> None:
    app, hold = held(tmp_path, CLIENT + 'mode = "off"\n')
    app.get("/reports", dependencies=[Depends(hold.ratelimit("orders"))])(lambda: 1)
    assert await many(app, 5) == [200] * 5
    assert await many(app, 5, "/reports") == [200] * 5


async def test_without_numbers_it_observes_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app, _ = held(tmp_path, CLIENT.replace('limits = ["2/h"]', ""))
    with caplog.at_level(logging.WARNING, "holdfast"):
        assert await many(app, 5) == [200] * 5
    assert "ratelimit orders: only observes, not decided: ratelimit.orders.limits" in caplog.text


async def test_a_refusal_has_the_headers_of_cors(tmp_path: Path) -> None:
    app, _ = held(tmp_path, CLIENT)
    app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"])
    answers = [await ask(app, headers={"origin": "https://shop.example"}) for _ in range(3)]
    assert statuses(answers) == [200, 200, 429]
    assert answers[-1].headers["access-control-allow-origin"] == "https://shop.example"


async def test_a_handler_of_the_app_stays(tmp_path: Path) -> None:
    app = FastAPI()

    @app.exception_handler(RateLimited)
    async def mine(request: Request, error: RateLimited) -> Response:
        return Response(error.limit, 420)

    (tmp_path / "holdfast.toml").write_text(CLIENT, encoding="utf-8")
    Holdfast(app, budget=tmp_path / "holdfast.toml")
    app.get("/orders")(lambda: 1)
    assert await many(app, 3) == [200, 200, 420]


async def test_a_route_that_the_app_does_not_have(tmp_path: Path) -> None:
    app, _ = held(tmp_path, CLIENT.replace("GET /orders", "GET /order/{number}"))
    with pytest.raises(UsageError, match=r"did you mean GET /orders/\{number\}") as mistake:
        await ask(app)
    assert mistake.value.place.endswith("holdfast.toml:8")


async def test_several_workers_that_would_each_count_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    with pytest.raises(BudgetError, match=r"4 workers would each count alone.*per_worker = true") as mistake:
        held(tmp_path, CLIENT)
    assert mistake.value.place.endswith("holdfast.toml:5")


async def test_several_workers_with_a_share_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    app, _ = held(tmp_path, CLIENT.replace("2/h", "10/h") + "per_worker = true\n")
    with caplog.at_level(logging.WARNING, "holdfast"):
        assert await many(app, 3) == [200, 200, 429]
    assert "ratelimit orders: one of 4 workers, each alone: 2.5 in 3600 s" in caplog.text


async def test_a_dependency_of_an_unknown_limit(tmp_path: Path) -> None:
    _, hold = held(tmp_path, CLIENT)
    with pytest.raises(UsageError, match='no rate limit "order"; known: orders'):
        hold.ratelimit("order")
    with pytest.raises(UsageError, match='has key = "client"'):
        hold.ratelimit("orders", key=user)


async def test_an_app_without_limits_pays_nothing(tmp_path: Path) -> None:
    app, hold = held(tmp_path, "")
    assert (await ask(app)).status == 200
    assert hold._running is not None
    assert hold._running.ratelimits is None
    assert process.slot() is not None
