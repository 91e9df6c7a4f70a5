"""The name of an environment variable, as a value of the budget."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

__all__ = ["Variable"]


def _named(value: str) -> str:
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", value):
        raise ValueError(
            f'expected the name of an environment variable, such as "PAYMENTS_URL", got "{value}"'
        )
    return value


Variable = Annotated[str, AfterValidator(_named)]
