"""What a protocol may ask of the app."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi.middleware.cors import CORSMiddleware
from starlette.middleware import Middleware

from holdfast.budget.model.connection import Connection
from holdfast.policy.admission.config import AdmissionConfig
from holdfast.policy.admission.core import Gate, Refused
from holdfast.policy.admission.limit import Fixed
from holdfast.policy.admission.priority import NORMAL, Class, priority
from holdfast.policy.mode import Mode
from holdfast.service import door as doors
from holdfast.service.door import Door
from holdfast.service.refusal import answers, reads_over, refuser
from holdfast.telemetry.board import Board


def a_door(gate: object, **options: Any) -> Door:
    return Door(object(), gate, answers=answers(refuser([])), limits=Connection(), **options)


def a_gate(limit: int, **options: Any) -> Gate:
    return Gate(AdmissionConfig(limit, **options), Fixed(limit))


def a_scope(path: str = "/", method: str = "GET") -> dict[str, Any]:
    return {"path": path, "method": method, "headers": []}


def shut(door: Door) -> Refused | None:
    refuses, _ = door.asks(None)
    return refuses(0.0, 0)


def test_while_there_is_room_nothing_is_asked() -> None:
    gate = a_gate(1)
    door = a_door(gate)
    assert door.calm()
    gate.try_enter()
    assert not door.calm()
    assert shut(door) is not None


def test_who_is_never_refused_is_let_by() -> None:
    gate = a_gate(1)
    gate.try_enter()
    door = a_door(gate, never=("/livez",))
    assert door.refuses(0.0, a_scope("/livez")) is None
    assert door.refuses(0.0, a_scope()) is not None


def test_a_gate_that_only_observes_refuses_nobody() -> None:
    gate = a_gate(1, mode=Mode.OBSERVE)
    gate.try_enter()
    door = a_door(gate)
    assert shut(door) is None
    assert door.refuses(0.0, a_scope()) is None
    assert not door.turns_away(0.0, NORMAL)


def test_a_gate_of_ones_own_that_cannot_be_asked_refuses_in_asgi_only() -> None:
    door = a_door(object())
    assert door.calm()
    assert shut(door) is None
    assert not door.turns_away(0.0, NORMAL)


def test_a_closed_door_refuses_nobody() -> None:
    gate = a_gate(1)
    gate.try_enter()
    door = a_door(gate)
    door.close()
    assert door.calm()
    assert shut(door) is None
    assert door.refuses(0.0, a_scope()) is None


def test_refusals_are_folded_once_by_reason_stage_and_class() -> None:
    gate = a_gate(1)
    gate.try_enter()
    door = a_door(gate, classify=lambda scope: priority(Class.CRITICAL))
    (slot,) = Board.private().slots()
    _, unknown = door.asks(None)
    _, normal = door.asks(NORMAL)
    unknown["full"] += 3
    normal["full"] += 2
    assert door.turns_away(0.0, NORMAL)
    for _ in range(2):
        door.fold(slot)
    counted = {name: cells[0] for name, cells in slot.refused.rows()}
    assert counted == {"full\tparser\tany": 3, "full\tparser\tnormal": 2, "full\tasgi\tnormal": 1}


def test_a_door_is_found_on_its_loop_until_it_is_withdrawn() -> None:
    door = a_door(a_gate(1))

    async def life() -> None:
        loop = asyncio.get_running_loop()
        assert doors.at(loop) is None
        doors.publish(door)
        assert doors.at(loop) is door
        doors.withdraw(door)
        assert doors.at(loop) is None

    asyncio.run(life())


def test_answers_are_those_of_the_app_that_refuses() -> None:
    cors = Middleware(CORSMiddleware, allow_origins=["http://here.example"])
    plain, dressed = answers(refuser([])), answers(refuser([cors]))
    assert not plain.cors
    assert dressed.cors
    assert len({dict(headers)[b"retry-after"] for headers, _ in plain.plain}) == 3
    for headers, body in dressed.to(b"http://here.example"):
        named = dict(headers)
        assert named[b"access-control-allow-origin"] == b"http://here.example"
        assert int(named[b"content-length"]) == len(body)
    assert b"access-control-allow-origin" not in dict(dressed.to(b"http://there.example")[0][0])
    assert dressed.to(b"http://here.example") is dressed.to(b"http://here.example")


def test_origins_are_kept_in_bounds() -> None:
    dressed = answers(refuser([Middleware(CORSMiddleware, allow_origins=["*"])]))
    for number in range(200):
        dressed.to(b"http://%d.example" % number)
    assert len(dressed._made) <= 64


@pytest.mark.parametrize(
    ("headers", "over"),
    [
        ([], True),
        ([(b"content-length", b"0"), (b"connection", b"close")], True),
        ([(b"content-length", b"65536")], True),
        ([(b"content-length", b"65537")], False),
        ([(b"content-length", b"x")], False),
        ([(b"content-length", b"5"), (b"expect", b"100-continue")], False),
        ([(b"content-length", b"5"), (b"connection", b"Close")], False),
        ([(b"transfer-encoding", b"chunked")], False),
        ([(b"expect", b"100-continue")], True),
    ],
)
def test_which_bodies_are_read_over(headers: list[tuple[bytes, bytes]], over: bool) -> None:
    assert reads_over("1.1", headers) is over


def test_a_connection_that_ends_reads_over_nothing() -> None:
    assert not reads_over("1.0", [(b"content-length", b"5")])


def test_who_has_been_let_through_takes_a_place_until_the_loop_comes_to_it() -> None:
    gate = a_gate(2)
    door = a_door(gate)

    async def turn() -> None:
        door.expect()
        door.expect()
        assert not door.calm()
        assert door.refuses(0.0, a_scope()) is not None
        came = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(lambda: came.set_result(gate.try_enter()))
        assert await came, "the count is back at zero when the first of them is at the gate"
        assert gate.coming == 0

    asyncio.run(turn())
