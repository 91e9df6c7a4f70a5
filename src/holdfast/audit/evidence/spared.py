"""What p99 should be without stalls of the evidence, as far as a gate told of them phase by phase."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from holdfast.audit.evidence.match import same_route
from holdfast.audit.evidence.observed import Load, Spell, Stall
from holdfast.audit.evidence.prediction import Prediction, Spared, prediction

__all__ = ["without"]


def without(stalls: Iterable[Stall], loads: Iterable[Load]) -> Prediction | None:
    """Return the prediction from the load in which these stalls took most; None where they were in none."""
    known = list(stalls)
    best, most = None, 0.0
    for load in loads:
        spared = list(_spared([one for one in known if one.source == load.source], load))
        seconds = sum(one.seconds for one in spared)
        if seconds > most:
            best, most = prediction(load, spared), seconds
    return best


def _spared(stalls: Sequence[Stall], load: Load) -> Iterator[Spared]:
    """Yield what goes with each route that held the loop: its requests make the call once, however many lines
    the stalls were seen at."""
    by_route: dict[str, list[Spell]] = defaultdict(list)
    for stall in stalls:
        if stall.spell is not None and stall.spell.seconds > 0:
            by_route[stall.route].append(stall.spell)
    for route, spells in by_route.items():
        own = sum(count for each, count in load.answers.items() if route and _is(route, each))
        yield Spared(sum(one.seconds for one in spells), sum(one.victims for one in spells), own)


def _is(route: str, counted: str) -> bool:
    """Whether a route, which the service told whole, is one that answers were counted of."""
    return route.count("/") == counted.count("/") and same_route(route, counted)
