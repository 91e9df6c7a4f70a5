from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.requests import Request

from holdfast import Holdfast
from holdfast.budget.model import Budget
from holdfast.policy.admission import AdmissionConfig, Class, Gate, Limit, Window, priority
from holdfast.service.caller import Callers
from holdfast.service.priority import Classifier
from holdfast.telemetry import process
from holdfast.telemetry.board import SlotCell
from tests.service.asgi import call, lifespan, scope

CRITICAL, NORMAL, SHEDDABLE = priority(Class.CRITICAL), priority(Class.NORMAL), priority(Class.SHEDDABLE)

BUDGET = """
[service]
workers = 1
[objective]
p99 = "500ms"
[admission]
{admission}
[deadline]
default = "2s"
[trust]
callers = ["10.0.0.0/8"]
"""


def budget(tmp_path: Path, admission: str) -> Path:
    path = tmp_path / "holdfast.toml"
    path.write_text(BUDGET.format(admission=admission))
    return path


def classify(**admission: Any) -> tuple[Classifier, list[str]]:
    model = Budget.model_validate({"admission": admission, "trust": {"callers": ["10.0.0.0/8"]}})
    wrong: list[str] = []
    return Classifier(model.admission, Callers(model.trust), (), wrong.append), wrong


def test_a_class_by_route() -> None:
    known, _ = classify(**{"class": {"critical": ["POST /orders"], "sheddable": ["GET /report/{year}"]}})
    assert known(scope("/orders", method="POST")) == CRITICAL
    assert known(scope("/orders")) == NORMAL
    assert known(scope("/report/2026")) == SHEDDABLE
    assert known({"type": "websocket", "path": "/orders", "headers": []}) == NORMAL


def test_a_class_by_header_from_a_trusted_caller_only() -> None:
    known, _ = classify(class_header="X-Priority")
    asked = scope("/", headers={"X-Priority": "Critical"})
    assert known(asked) == NORMAL, "127.0.0.1 is not trusted"
    asked["client"] = ("10.1.2.3", 5000)
    assert known(asked) == CRITICAL
    asked["headers"] = [(b"x-priority", b"urgent!")]
    assert known(asked) == NORMAL


def test_what_was_thought_is_compared_with_the_route_that_was_taken() -> None:
    known, wrong = classify(**{"class": {"critical": ["POST /orders"]}})

    class Route:
        path_format = "/orders"

    taken = {**scope("/v0/orders", method="POST"), "route": Route()}
    known.check(taken, known(scope("/v0/orders", method="POST")))
    assert wrong == ["POST /orders"]
    known.check(taken, CRITICAL)
    known.check(scope("/nowhere"), NORMAL)
    assert wrong == ["POST /orders"]


@pytest.mark.anyio
async def test_the_critical_go_first_and_mismatches_are_counted(tmp_path: Path) -> None:
    app, router, go, order = FastAPI(), APIRouter(prefix="/v1"), asyncio.Event(), []

    @app.get("/wait")
    async def wait() -> None:
        await go.wait()

    @router.get("/report")
    async def report() -> None:
        order.append("report")

    @router.post("/orders")
    async def orders() -> None:
        order.append("orders")

    app.include_router(router)
    text = (
        'limit = 1\nqueue = 5\nwait = "5s"\n'
        'class = { critical = ["POST /v1/orders"], sheddable = ["GET /v1/report"] }'
    )
    Holdfast(app, budget=budget(tmp_path, text))
    before = process.slot().gauges[SlotCell.MISCLASSIFIED]
    async with lifespan(app):
        first = asyncio.create_task(call(app, "/wait"))
        await asyncio.sleep(0)
        rest = [
            asyncio.create_task(call(app, "/v1/report")),
            asyncio.create_task(call(app, "/v1/orders", method="POST")),
        ]
        await asyncio.sleep(0)
        go.set()
        answers = await asyncio.gather(first, *rest)
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert order == ["orders", "report"]
    assert process.slot().gauges[SlotCell.MISCLASSIFIED] == before


@pytest.mark.anyio
async def test_fair_refuses_a_callers_excess_with_429_in_an_overload_only(tmp_path: Path) -> None:
    app, go = FastAPI(), asyncio.Event()
    hold = Holdfast(app, budget=budget(tmp_path, "limit = 8"))

    def principal(request: Request) -> str:
        return request.headers["x-user"]

    @app.get("/work", dependencies=[hold.fair(principal)])
    async def work() -> None:
        await go.wait()

    async with lifespan(app):
        running = hold._running
        assert running is not None
        inside = [asyncio.create_task(call(app, "/work", headers={"x-user": "a"})) for _ in range(4)]
        inside.append(asyncio.create_task(call(app, "/work", headers={"x-user": "b"})))
        while hold.in_flight < 5 or running.entrance.fairness.callers < 2:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.001)
        running.entrance.gate.overload.active = True
        excess = await call(app, "/work", headers={"x-user": "a"})
        go.set()
        within = await call(app, "/work", headers={"x-user": "b"})
        answers = await asyncio.gather(*inside)
        assert running.entrance.fairness.callers == 0
    assert [answer.status for answer in answers] == [200] * 5
    assert (excess.status, within.status) == (429, 200)
    assert int(excess.headers["retry-after"]) >= 1
    assert excess.headers["holdfast-outcome"] == "ratelimited"
    assert "error" not in [name for name, _ in process.slot().errors.rows()]


@pytest.mark.anyio
async def test_a_limit_and_a_gate_of_ones_own(tmp_path: Path) -> None:
    class Seven:
        value = 7

        def __init__(self) -> None:
            self.seen: list[float] = []

        def learn(self, window: Window) -> None:
            self.seen += window.latencies

    class Polite(Gate):
        """Lets one in less than it may."""

        __slots__ = ()

        def try_enter(self) -> bool:
            return self.in_flight < self.limit - 1 and super().try_enter()

    number = Seven()
    configs: list[AdmissionConfig] = []

    def make(config: AdmissionConfig) -> Limit:
        configs.append(config)
        return number

    app, go = FastAPI(), asyncio.Event()

    @app.get("/wait")
    async def wait() -> None:
        await go.wait()

    hold = Holdfast(app, budget=budget(tmp_path, "limit = 3"), limit=make, gate=Polite)
    async with lifespan(app):
        tasks = [asyncio.create_task(call(app, "/wait")) for _ in range(6)]
        await asyncio.sleep(0)
        assert hold.in_flight == 6
        assert isinstance(hold._running.entrance.gate, Polite)  # type: ignore[union-attr]
        go.set()
        await asyncio.gather(*tasks)
        hold._running.entrance.gate.late(0.0, 0.0)  # type: ignore[union-attr]
        hold._running.entrance.gate.late(1.0, 0.0)  # type: ignore[union-attr]
    assert configs[0].limit == 3
    assert len(number.seen) == 6


@pytest.mark.anyio
async def test_only_what_says_something_about_the_service_is_learnt(tmp_path: Path) -> None:
    """Cancelled, streamed, refused by the client's own fault, or failed: no latency."""
    from fastapi import HTTPException
    from fastapi.responses import StreamingResponse

    app = FastAPI()
    hold = Holdfast(app, budget=budget(tmp_path, 'limit = "adaptive"'))

    @app.get("/ok")
    async def ok() -> str:
        return "ok"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> Any:
            for _ in range(3):
                yield b"data: 1\n\n"

        return StreamingResponse(parts(), media_type="text/event-stream")

    @app.get("/fail/{status}")
    async def fail(status: int) -> None:
        raise HTTPException(status)

    @app.get("/sleep")
    async def sleep() -> None:
        await asyncio.sleep(60)

    async with lifespan(app):
        core = hold._running.entrance.gate  # type: ignore[union-attr]
        for path in ("/ok", "/stream", "/fail/404", "/fail/500", "/fail/503", "/livez"):
            await call(app, path)
        task = asyncio.create_task(call(app, "/sleep"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (len(core._tally.latencies), core._tally.failed) == (1, 2)
        assert hold.in_flight == 0


@pytest.mark.anyio
async def test_the_beat_runs_while_somebody_is_turned_away_and_then_ends(tmp_path: Path) -> None:
    app, go = FastAPI(), asyncio.Event()
    hold = Holdfast(app, budget=budget(tmp_path, "limit = 1"))

    @app.get("/wait")
    async def wait() -> None:
        await go.wait()

    async with lifespan(app):
        guard = hold._running.entrance.guard  # type: ignore[union-attr]
        assert guard._pulse._handle is None
        inside = asyncio.create_task(call(app, "/wait"))
        await asyncio.sleep(0)
        refused = await call(app, "/wait")
        assert refused.status == 503
        assert json.loads(refused.body)["type"] == "urn:holdfast:shed"
        assert guard._pulse._handle is not None
        go.set()
        await inside
        async with asyncio.timeout(20):
            while guard._pulse._handle is not None:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.02)
        assert not guard.core.restless


@pytest.mark.parametrize(
    ("admission", "says"),
    [
        ('limit = "fast"', '"adaptive"'),
        ('class = { critical = ["orders"] }', "POST /orders"),
        ('class = { critical = ["GET /a"], sheddable = ["GET /a"] }', "both critical and sheddable"),
        ('class = { urgent = ["GET /a"] }', "unknown key admission.class.urgent"),
        ('class_header = "a b"', "name of a header"),
        ('target = "200ms"', "above wait"),
    ],
)
def test_contradictions_are_told_with_their_place(tmp_path: Path, admission: str, says: str) -> None:
    from holdfast.budget import load
    from holdfast.errors import BudgetError

    with pytest.raises(BudgetError, match=r"holdfast.toml:\d+") as error:
        load(budget(tmp_path, admission))
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("limit", "kind"),
    [("adaptive", "Adaptive"), ("gradient", "Gradient"), ("vegas", "Vegas"), ("aimd", "Aimd")],
)
def test_limits_by_name(tmp_path: Path, limit: str, kind: str) -> None:
    from holdfast.budget import load
    from holdfast.policy.admission.chosen import chosen
    from holdfast.service.numbers import numbers

    loaded = load(budget(tmp_path, f'limit = "{limit}"\nclass_header = "x-class"'))
    config, number = chosen(loaded.budget, numbers(loaded))
    assert (type(number).__name__, number.value, config.highest) == (kind, 20, CRITICAL)
    assert config.late == pytest.approx(0.1)
