"""[disconnect]: whose work ends when the client has left."""

from __future__ import annotations

from typing import Annotated

from holdfast.budget.metadata import Fact
from holdfast.budget.model.route import Route
from holdfast.budget.model.section import Section

__all__ = ["Disconnect"]


class Disconnect(Section):
    """Whose work ends when the client has left. Servers do not do that by themselves."""

    cancel: Annotated[
        tuple[Route, ...],
        Fact(
            "Routes whose work is cancelled when the client has left. Not for what has to be done all the "
            "same; a write within such a route is shielded (`holdfast.deadline.shield`)."
        ),
    ] = ()
