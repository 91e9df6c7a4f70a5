"""The held form's report: off the loop, one computation for all who ask, and none while it is fresh."""

from __future__ import annotations

import importlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.examples.conftest import Open

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_all_who_ask_at_once_get_one_computation_in_another_process(
    shop: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop("held") as client:
        service = importlib.import_module("examples.shop.held.service")
        to_process, asked = service.hold.to_process, []

        async def counted(func: Any, *arguments: Any) -> Any:
            asked.append(await to_process(os.getpid))
            return await to_process(func, *arguments)

        monkeypatch.setattr(service.hold, "to_process", counted, raising=False)
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: client.get("/report"), range(8)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.text for answer in answers}) == 1
        assert len(asked) == 1
        assert asked[0] != os.getpid()
