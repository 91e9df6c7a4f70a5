"""Who of those that stand still may stay, in a time of the test's own."""

from __future__ import annotations

import math

import pytest

from holdfast.budget.model.connection import Connection
from holdfast.events import Bus
from holdfast.policy.deadline.wheel import Entry, Wheel
from holdfast.policy.enforcement import ENFORCED, Enforcement
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from holdfast.service.gatekeeper.bodies.bodies import STILL, Bodies


class Timer(Wheel):
    """Only notes when it would fire."""

    def __init__(self) -> None:
        super().__init__()
        self.at = math.nan

    def add(self, at: float, entry: Entry) -> None:
        self.at = at


class Upload:
    def __init__(self) -> None:
        self.inside = self.ended = False

    def let_in(self) -> None:
        self.inside = True

    def end(self) -> None:
        self.ended = True


class House:
    """So many places, half of them for those who stand still."""

    def __init__(self, room: float, enforcement: Enforcement = ENFORCED) -> None:
        self.time = 100.0
        self.timer = Timer()
        self.bodies = Bodies(
            Connection(), lambda: room, self.timer, lambda: self.time, enforcement=enforcement
        )

    def stand(self, number: int, every: float = 0.0) -> list[Upload]:
        uploads = [Upload() for _ in range(number)]
        for upload in uploads:
            self.bodies.stand(upload, self.time)
            self.time += every
        return uploads


def test_as_many_as_the_share_may_stand_for_ever() -> None:
    house = House(8)
    uploads = house.stand(4)
    house.time += 1000
    house.bodies.due()
    assert not any(upload.ended for upload in uploads)


def test_beyond_the_share_the_one_that_stands_longest_is_ended() -> None:
    house = House(4)
    uploads = house.stand(4, every=0.05)
    assert house.timer.at == pytest.approx(100.1 + STILL)  # when three have stood for long enough
    house.time = house.timer.at
    house.bodies.due()
    assert [upload.ended for upload in uploads] == [True, False, False, False]
    assert house.timer.at == pytest.approx(100.15 + STILL)
    house.time = house.timer.at
    house.bodies.due()
    assert [upload.ended for upload in uploads] == [True, True, False, False]
    assert house.bodies.standing == 2


def test_who_goes_on_begins_anew() -> None:
    house = House(2)
    first, second = house.stand(2, every=0.1)
    house.bodies.go_on(first)
    house.bodies.stand(first, house.time)
    house.time += 100.0
    house.bodies.due()
    assert (first.ended, second.ended) == (False, True)


def test_an_upload_that_flows_is_never_counted() -> None:
    house = House(2)
    (stuck,) = house.stand(1)
    flowing = Upload()
    for _ in range(100):
        house.bodies.stand(flowing, house.time)
        house.time += STILL / 5
        house.bodies.go_on(flowing)
    assert not flowing.ended
    assert not stuck.ended  # alone it has its share
    house.bodies.stand(flowing, house.time)
    house.time += STILL
    house.bodies.due()
    assert (stuck.ended, flowing.ended) == (True, False)


def test_who_asks_comes_in_when_there_is_a_place_and_takes_it() -> None:
    house = House(4)
    uploads = [Upload() for _ in range(4)]
    for upload in uploads:
        house.bodies.ask(upload)
    assert [upload.inside for upload in uploads] == [True, True, False, False]
    house.bodies.go_on(uploads[3])  # it has gone, or its body has come
    house.bodies.go_on(uploads[0])
    assert [upload.inside for upload in uploads] == [True, True, True, False]
    house.bodies.go_on(uploads[1])
    assert house.bodies.standing == 1


def test_the_line_moves_when_somebody_is_ended() -> None:
    house = House(2)
    house.stand(1)
    asking = Upload()
    house.bodies.ask(asking)
    assert not asking.inside
    house.time += STILL
    house.stand(1)  # the first has stood for long, the second is the one place
    assert not asking.inside
    house.time += STILL
    house.bodies.due()
    assert not asking.inside  # still one stands
    house.bodies.go_on(next(iter(house.bodies._standing)))
    assert asking.inside


def test_one_may_always_stand() -> None:
    house = House(1)
    asking = Upload()
    house.bodies.ask(asking)
    assert asking.inside


def test_where_nobody_is_kept_out_nobody_is_ended() -> None:
    house = House(math.inf)
    uploads = house.stand(1000)
    house.time += 1000
    house.bodies.due()
    assert not any(upload.ended for upload in uploads)


def test_bytes_buy_time() -> None:
    bodies = House(8).bodies
    assert bodies.patience(500) - bodies.patience(0) == pytest.approx(1.0)


def test_where_it_only_observes_nobody_is_ended_or_kept_waiting() -> None:
    bus, heard = Bus(), list[PolicyObserved]()
    bus.subscribe(PolicyObserved, heard.append)
    house = House(4, Enforcement("connection", Mode.OBSERVE, bus))
    uploads = house.stand(3)
    house.time += STILL
    house.bodies.due()
    assert not any(upload.ended for upload in uploads)
    assert [(event.would, event.why) for event in heard] == [("cut", "body_share")]
    more = Upload()
    house.bodies.ask(more)
    assert more.inside


def test_where_it_is_off_nobody_is_waited_for_outside() -> None:
    assert not House(4, Enforcement("connection", Mode.OFF, Bus())).bodies.roomy
