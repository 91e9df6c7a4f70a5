from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from holdfast.policy.ratelimit import Limit
from holdfast.policy.ratelimit.core import standing
from holdfast.service.ratelimit.fields import limit_field, policy_field
from tests.policy.ratelimit.made import limits

# RFC 9651: a list of strings with integer parameters; an integer has 15 digits at most.
ITEM = r'"[\x20-\x21\x23-\x5b\x5d-\x7e]*"(;[a-z*][a-z0-9_.*-]*=\d{1,15})+'
LIST = re.compile(rf"{ITEM}(, {ITEM})*".encode())


def test_as_the_draft_shows_them() -> None:
    minute = Limit("default", 100, 60, 100)
    assert policy_field([minute]) == b'"default";q=100;w=60'
    assert limit_field([standing(minute, 49.5)]) == b'"default";r=50;t=1'
    assert limit_field([standing(minute, 100.0)]) == b'"default";r=0;t=1'
    assert policy_field([Limit("a", 2.5, 60, 2)]) == b'"a";q=2;w=60;holdfast-burst=2'
    assert (
        policy_field([minute, Limit("b", 5, 1, 10)]) == b'"default";q=100;w=60, "b";q=5;w=1;holdfast-burst=10'
    )


@given(st.lists(limits(), min_size=1, max_size=3), st.floats(0, 1))
def test_they_are_always_structured_fields(chosen: list[Limit], share: float) -> None:
    assert LIST.fullmatch(policy_field(chosen))
    assert LIST.fullmatch(limit_field([standing(each, each.burst * share) for each in chosen]))
