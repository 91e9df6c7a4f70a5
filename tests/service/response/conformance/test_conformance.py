"""The table of cases, each against an app of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.service.response.conformance.cases import CASES, HIT, MISS, VALIDATED, Case, Step
from tests.service.response.made import Answer, Origin, Rig, Said, page, running

pytestmark = pytest.mark.anyio

METHODS = ("POST", "PUT", "DELETE", "PATCH")


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 200


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_case(case: Case, tmp_path: Path) -> None:
    origin = Origin()
    async with running(tmp_path, page(origin, *METHODS)) as rig:
        bodies: list[bytes] = []
        for step in case.steps:
            rig.moved += step.later
            await judged(rig, origin, step, bodies)


async def judged(rig: Rig, origin: Origin, step: Step, bodies: list[bytes]) -> None:
    before = len(origin.asked)
    origin.script = [Said()] * before + [step.said]
    answer = await rig.ask(step.path, step.request, method=step.method, query=step.query)
    asked = origin.asked[before:]
    conditional = any("if-none-match" in one or "if-modified-since" in one for one in asked)
    assert happened(asked, answer, bodies, conditional=conditional) == step.expect
    assert step.status in (None, answer.status)
    for name, value in step.has:
        assert answer.get(name) == value, name
    assert not [name for name in step.lacks if answer.get(name) is not None]
    assert step.method != "HEAD" or not answer.body
    bodies.append(answer.body)


def happened(asked: list[dict[str, str]], answer: Answer, bodies: list[bytes], *, conditional: bool) -> str:
    """What became of a request. Each answer of the origin has a body of its own."""
    if conditional:
        return VALIDATED
    # The origin may be asked behind the caller, or in vain: what counts is what he got.
    return HIT if not asked or (answer.body and answer.body in bodies) else MISS
