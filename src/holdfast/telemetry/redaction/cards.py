"""Card numbers among other digits: by issuer, length and check digit (ISO/IEC 7812-1)."""

from __future__ import annotations

import re

__all__ = ["CANDIDATE", "card", "luhn"]

CANDIDATE = re.compile(r"(?<![\w.])(?<!\d-)\d{3,19}+(?:[ -]\d{2,19}+){0,6}+(?!\w)")
"""What may hold a card number, other digits around it: bounded, so that a search takes linear time."""

_GROUP = re.compile(r"\d+")
_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(?:6011|65\d\d|64[4-9]\d)\d{12,15}"  # Discover
    r"|(?:30[0-5]|36\d|38\d)\d{11}"  # Diners Club
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
    r"|62\d{14,17}"  # UnionPay
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{8,15}"  # Maestro
)


def luhn(digits: str) -> bool:
    """Whether the last of `digits` is the check digit of those before it (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def card(candidate: str) -> tuple[int, int] | None:
    """Return where in `candidate` the first card number stands, as a slice; None where there is none.

    A number may stand in groups, and beside groups that are none of it ("4111 1111 1111 1111 2027"); what a
    dash continues is something longer, such as a UUID.
    """
    groups = [found.span() for found in _GROUP.finditer(candidate)]
    for first, (start, _) in enumerate(groups):
        digits = ""
        for begin, end in groups[first:]:
            digits += candidate[begin:end]
            if len(digits) > 19:
                break
            alone = "-" not in (candidate[start - 1 : start], candidate[end : end + 1])
            if alone and _ISSUED.fullmatch(digits) and luhn(digits):
                return start, end
    return None
