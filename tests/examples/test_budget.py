"""The shop's budget: complete, without contradiction, and every number said where its source says it is."""

from __future__ import annotations

import json

import pytest

from examples.shop.seed import CUSTOMERS, PRODUCTS
from holdfast.budget import Loaded, load
from holdfast.budget.derive import derived, findings
from holdfast.budget.source.check import source_findings
from tests.examples.conftest import BUDGET, Open

ENVIRONMENTS = [None, "ci", "production"]


@pytest.fixture(params=ENVIRONMENTS, ids=str)
def loaded(request: pytest.FixtureRequest) -> Loaded:
    return load(BUDGET, environment=request.param, environ={})


def test_the_documents_say_every_number(loaded: Loaded) -> None:
    assert [str(finding) for finding in source_findings(loaded)] == []


def test_nothing_in_it_contradicts(loaded: Loaded) -> None:
    assert [str(finding) for finding in findings(loaded)] == []


def test_the_pool_follows_from_it(loaded: Loaded) -> None:
    assert derived(loaded)["dependency.db.pool"].value >= 2


def test_every_kind_of_request_is_answered(shop: Open) -> None:
    order = json.loads((BUDGET.parent / "traffic" / "order.json").read_text())
    assert order["customer_id"] == f"{{1..{CUSTOMERS}}}"
    order = {"customer_id": CUSTOMERS, "lines": [{"product_id": 1, "quantity": 3}, {"product_id": PRODUCTS}]}
    for form in ("fragile", "held"):
        with shop(form) as client:
            for request in load(BUDGET, environ={}).budget.traffic.request:
                method, path = request.send.replace("{1..500}", "500").replace("{1..50}", "50").split()
                answer = client.request(method, path, json=order if request.body else None)
                assert answer.status_code in (200, 201), request.send
