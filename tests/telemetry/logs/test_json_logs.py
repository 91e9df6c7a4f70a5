from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from holdfast.budget.model.log import Log
from holdfast.telemetry.board import Board
from holdfast.telemetry.logs.handler import OWN_LOGGER, JsonHandler
from holdfast.telemetry.logs.json_logs import JsonLogs
from tests.telemetry.logs.lines import Kept

pytestmark = pytest.mark.anyio
LOG = logging.getLogger("tests.json_logs")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _level() -> Iterator[None]:
    LOG.setLevel(logging.INFO)
    yield
    LOG.setLevel(logging.NOTSET)
    assert not [h for h in logging.getLogger().handlers if isinstance(h, JsonHandler)]


async def test_beside_the_apps_own_handlers() -> None:
    own, sink = logging.getLogger().handlers[:], Kept()
    logs = JsonLogs(Log(), "shop", sink=sink)
    assert logging.getLogger().handlers[:-1] == own
    LOG.info("one")
    logs.end()
    LOG.info("nobody's any more")
    await logs.aclose()
    assert logging.getLogger().handlers == own
    assert sink.messages == ["one"]
    assert sink.lines[0]["service"] == "shop"


async def test_a_flood_is_left_out_counted_and_told() -> None:
    sink, slot = Kept(), Board.private().slots()[0]
    logs = JsonLogs(Log.model_validate({"flood": "3/s"}), sink=sink)
    now = [0.0]
    logs._handler._now = lambda: now[0]
    for number in range(10):
        LOG.info("order %d failed", number)
        LOG.info(f"order {number} is late")
    LOG.info("something else")
    now[0] = 0.5
    LOG.info("order %d failed", 10)
    now[0] = 5.0
    logs.write(slot)
    logs.end()
    await logs.aclose()
    assert [m for m in sink.messages if m.endswith("failed")] == [f"order {n} failed" for n in (0, 1, 2, 10)]
    assert next(line for line in sink.lines if line["message"] == "order 10 failed")["suppressed"] == 7
    told = [line for line in sink.lines if line["logger"] == OWN_LOGGER]
    assert [line["suppressed"] for line in told] == [7]
    assert {name: cells[0] for name, cells in slot.logs.rows()} == {"dropped\tflood": 14}


async def test_it_comes_back_where_the_app_sets_up_its_logging_anew() -> None:
    sink, root = Kept(), logging.getLogger()
    logs = JsonLogs(Log(), sink=sink)
    LOG.info("one")
    root.removeHandler(logs._handler)
    logs._handler.close()  # as logging.config.dictConfig does
    logs.write(Board.private().slots()[0])
    LOG.info("two")
    logs.end()
    await logs.aclose()
    assert sink.messages == ["one", "two"]


async def test_structlog_through_the_standard_library() -> None:
    sink = Kept()
    logs = JsonLogs(Log(), sink=sink)
    logger = structlog.wrap_logger(
        LOG, processors=[structlog.stdlib.render_to_log_kwargs], wrapper_class=structlog.stdlib.BoundLogger
    )
    logger.bind(order=7).info("paid", token="hunter2")
    wrapped = structlog.wrap_logger(
        LOG,
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    wrapped.info("sent", order=8, token="hunter2")
    logs.end()
    await logs.aclose()
    assert [(line["message"], line["extra"]) for line in sink.lines] == [
        ("paid", {"order": 7, "token": "[redacted]"}),
        ("sent", {"order": 8, "token": "[redacted]"}),
    ]


async def test_only_where_the_budget_says_so_and_once_a_process() -> None:
    assert JsonLogs.started(Log(), "shop") is None
    assert JsonLogs.started(Log(sink="off"), "shop") is None
    first = JsonLogs(Log(), sink=Kept())
    assert JsonLogs.started(Log(sink="stderr"), "other") is None
    first.end()
    await first.aclose()
