"""dependency.NAME.stand_in: what the gate uses where the real dependency's address is not set."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from holdfast.budget.metadata import Fact
from holdfast.budget.model.section import Section

__all__ = ["StandIn"]


def _placeholders(value: str) -> str:
    if found := re.search(r"\{[^{}]*\}?|\}", re.sub(r"\{(port|dir)\}", "", value)):
        raise ValueError(f'"{found[0]}" is not known here, expected {{port}} or {{dir}}')
    return value


_Template = Annotated[str, AfterValidator(_placeholders)]


class StandIn(Section):
    """What the gate uses where the real dependency's address is not set."""

    run: Annotated[
        _Template | None, Fact("The command that starts it, with {port} and {dir}; none for a file.")
    ] = None
    url: Annotated[_Template, Fact("Its address, with {port} and {dir}.")]
