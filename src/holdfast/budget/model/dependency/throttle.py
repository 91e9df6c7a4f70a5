"""[dependency.NAME.throttle]: how far a dependency is spared that refuses for want of room."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from holdfast.budget.metadata import Mechanism
from holdfast.budget.model.references import ENVOY_ADMISSION, SRE_OVERLOAD
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Duration, Factor, Ratio

__all__ = ["Throttle"]


class Throttle(Section):
    """How far a dependency is spared that refuses calls for want of room."""

    factor: Annotated[
        Factor,
        Mechanism("Calls made for each one that it accepts, before calls are refused here.", SRE_OVERLOAD),
    ] = 2.0
    window: Annotated[Duration, Mechanism("How long both are counted, in one worker.", ENVOY_ADMISSION)] = (
        30.0
    )
    most: Annotated[Ratio, Mechanism("The largest share of calls that is refused here.", ENVOY_ADMISSION)] = (
        0.8
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.most == 1:
            raise contradiction('most is 100%: it would never recover; expected such as "80%"', "most")
        return self
