"""The example shop: its mistakes are found where they were made, and nothing in the form that mends them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from examples.shop.mistakes import Mistake, load
from holdfast.audit import Audited, Confidence, Finding, audit

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


class Planted(NamedTuple):
    """The rule that finds a mistake, and the function where it was planted; "" for the module's own lines."""

    rule: str
    file: str
    function: str


PLANTED = {
    "blocking-call": Planted("HF101", "payments.py", "charge"),
    "client-per-request": Planted("HF201", "payments.py", "get_payments"),
    "no-timeout": Planted("HF202", "payments.py", "PaymentsClient.charge"),
    "naive-retry": Planted("HF601", "payments.py", "charge"),
    "n-plus-one": Planted("HF501", "products.py", "list_products"),
    "cpu-on-loop": Planted("HF102", "report.py", "get_report"),
    "unbounded": Planted("HF951", "main.py", ""),
    "default-pool": Planted("HF203", "main.py", "lifespan"),
    "call-in-transaction": Planted("HF502", "orders.py", "create_order"),
    "commit-after-response": Planted("HF503", "database.py", "get_session"),
    "unbounded-cache": Planted("HF701", "products.py", "get_product"),
    "pickled-cache": Planted("HF703", "cache.py", "recall"),
    "missing-index": Planted("HF507", "models.py", ""),
    "whole-upload": Planted("HF801", "pictures.py", "add_picture"),
    "client-file-name": Planted("HF802", "pictures.py", "add_picture"),
}
MISTAKES = load()


@pytest.fixture(scope="module")
def audited() -> Audited:
    return audit(EXAMPLES)


def places(finding: Finding) -> set[tuple[str, int, str]]:
    """Return the places of a finding, of its chain, and of what is to be changed: file, line, function."""
    steps = {(step.file, step.line, step.function) for step in finding.chain}
    named = {(file, int(line), "") for file, line in re.findall(r"(\S+\.py):(\d+)", finding.fix)}
    return steps | named | {(finding.file, finding.line, "")}


def test_each_mistake_is_planted_for_a_rule() -> None:
    assert {mistake.slug for mistake in MISTAKES} == set(PLANTED)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.slug)
def test_a_mistake_is_found_in_its_function(mistake: Mistake, audited: Audited) -> None:
    planted = PLANTED[mistake.slug]
    file, _, line = mistake.fragile_place.removeprefix("examples/").rpartition(":")
    lines = range(int(line), int(line) + len(mistake.fragile_code.splitlines()) + 1)
    assert file == f"shop/fragile/{planted.file}"
    found = [
        place
        for finding in audited.findings
        if finding.rule == planted.rule and finding.confidence >= Confidence.MEDIUM
        for place in places(finding)
    ]
    assert any(at == (file, number, planted.function) for at in found for number in lines)


def test_nothing_is_found_in_the_mended_form(audited: Audited) -> None:
    found = [
        f"{finding.file}:{finding.line} {finding.rule}"
        for finding in audited.findings
        if finding.confidence >= Confidence.MEDIUM and any("/held/" in file for file, _, _ in places(finding))
    ]
    assert found == []
