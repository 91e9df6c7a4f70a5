"""[loop]: when a blocked event loop is named, when its worker is killed, and what helps to find out why."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from holdfast.budget.metadata import Fact, Mechanism
from holdfast.budget.model.mode import ModeName
from holdfast.budget.model.references import ASYNCIO_DEBUG, FAULTHANDLER, GUNICORN
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Duration, format_duration

__all__ = ["Loop"]


class Loop(Section):
    """When a blocked event loop is named, and when its worker is killed."""

    mode: Annotated[
        ModeName,
        Fact(
            "How far `kill` goes: `observe` says and counts whom it would have killed; `off` leaves every "
            "worker alone. Stalls are told in any mode."
        ),
    ] = "enforce"
    stall: Annotated[
        Duration, Mechanism("A loop that stands still for longer is reported, with the line.", ASYNCIO_DEBUG)
    ] = 0.1
    kill: Annotated[
        Duration, Mechanism("A worker whose loop stands still for longer is killed and replaced.", GUNICORN)
    ] = 30.0
    dump: Annotated[
        bool,
        Mechanism("Whether the stack is dumped from within C code that does not return.", FAULTHANDLER),
    ] = False
    debug: Annotated[
        bool,
        Mechanism("Whether asyncio's debug mode is on: for finding mistakes, not for load.", ASYNCIO_DEBUG),
    ] = False
    slow_callback: Annotated[
        Duration, Mechanism("In debug mode a callback that takes longer is logged.", ASYNCIO_DEBUG)
    ] = 0.1

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.stall >= self.kill:
            message = (
                f"stall ({format_duration(self.stall)}) is not below kill ({format_duration(self.kill)})"
            )
            raise contradiction(message, "stall", "kill")
        return self
