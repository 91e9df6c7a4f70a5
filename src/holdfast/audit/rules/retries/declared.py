"""HF602: a retry that is declared without an end or without a wait."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.graph import value as v
from holdfast.audit.graph.leading import ASKS, CALLS
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.sites import sites
from holdfast.audit.rules.found import found, sure
from holdfast.audit.rules.retries.loop import STARTS
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_TENACITY = frozenset({"tenacity.retry", "tenacity.AsyncRetrying", "tenacity.Retrying"})
_URLLIB3 = frozenset(
    {
        *("urllib3.Retry", "urllib3.util.Retry", "urllib3.util.retry.Retry", "requests.adapters.Retry"),
        "requests.packages.urllib3.util.retry.Retry",
    }
)
_PENDING = re.compile(
    r"not_?(yet|finished|ready|done|complete)|pending|unprocessed|incomplete|in_?progress", re.IGNORECASE
)
"""In the names of what is no failure: who repeats because of it waits for the end of something."""
_STOP, _WAIT = "it never gives up", "it does not wait between attempts"


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each retry of tenacity without stop or wait, and of urllib3 without backoff."""
    for key, function in whole.program.functions():
        outer = (key[0], function.within) if function.within is not None else key[0]
        for decorator in function.decorators:
            if decorator[0] != form.CALL and _is_bare(whole, decorator, outer):
                yield _finding(whole, key, (function.line, 0), [_STOP, _WAIT])
            elif decorator[0] == form.CALL:
                yield from _of(whole, outer, decorator, key)
        yield from _in(whole, key, function.body)
    for number, module in whole.program.numbered():
        yield from _in(whole, number, module.body)


def _is_bare(whole: Whole, decorator: Expression, scope: FunctionKey | int) -> bool:
    """Whether a decorator is tenacity's own, and not one that was made of it with what it needs."""
    place = Place(*scope) if isinstance(scope, tuple) else Place(scope)
    found = whole.inference.values(decorator, place)
    return any(one[0] == v.OUTSIDE and whole.library.canonical(one[1]) in _TENACITY for one in found)


def _in(whole: Whole, scope: FunctionKey | int, body: tuple[Expression, ...]) -> Iterator[Finding]:
    for site in sites(body):
        if site.expression[0] == form.CALL and not site.entered:
            yield from _of(whole, scope, site.expression, scope)


def _of(
    whole: Whole, scope: FunctionKey | int, call: Expression, repeated: FunctionKey | int
) -> Iterator[Finding]:
    """Yield the finding of a retry that is declared in `scope`, and repeats the function `repeated`."""
    func = call[1]
    if func[0] not in (form.NAME, form.ATTR) or not str(func[-1]).lower().endswith(("retry", "retrying")):
        return
    paths = set(whole.named(func, scope))
    given = {name for name, _ in call[3]}
    wrong: list[str] = []
    if None in given or (call[2] and not _URLLIB3 & paths):
        return
    if _TENACITY & paths:
        wrong = [text for name, text in (("stop", _STOP), ("wait", _WAIT)) if name not in given]
    elif _URLLIB3 & paths and "backoff_factor" not in given and "total" in given:
        total = dict(call[3])["total"]
        wrong = [] if total in ((form.NUMBER, 0), (form.CONST, False)) else [_WAIT]
    if wrong:
        polls = any(_PENDING.search(word(part)) for part in parts(call) if part[0] in (form.NAME, form.ATTR))
        yield _finding(whole, repeated, (call[4], call[5]), wrong, polls=polls)


def _finding(
    whole: Whole, where: FunctionKey | int, at: tuple[int, int], wrong: list[str], *, polls: bool = False
) -> Finding:
    message = f"this retry has no bounds: {', and '.join(wrong)}"
    fix = "Give it a stop and a wait that grows with jitter: `wait_random_exponential`, `backoff_factor`"
    return found(
        RULE,
        whole,
        where,
        at,
        message,
        fix,
        confidence=Confidence.LOW if polls else _sure(whole, where, wrong),
        chain=(),
    )


def _sure(whole: Whole, where: FunctionKey | int, wrong: list[str]) -> Confidence:
    """Return how sure it is that somebody waits: a job may try at once, and what starts may try for long."""
    if not isinstance(where, tuple):
        return Confidence.HIGH
    if whole.reach.entry(where) is not None:
        asks = whole.reach.leads.get(where, 0) & (ASKS | CALLS)
        return Confidence.HIGH if asks or _STOP in wrong else Confidence.LOW
    starts = STARTS.search(whole.program.function(where).name) is not None
    return Confidence.LOW if starts or _STOP not in wrong else sure(whole, where)


RULE = Rule(
    code="HF602",
    name="unbounded-retry",
    what="A retry is declared without an end, or without a wait between attempts.",
    why=(
        "tenacity's default is to repeat for ever and at once: one failing dependency becomes a loop in "
        "every request. urllib3's default is no wait either."
    ),
    limits=(
        "Options that are handed over as `**options` are taken to hold both. Low confidence where no request "
        "is known to come, for what starts, and for what ends trying and asks nobody that is known."
    ),
    bad="""
import httpx
from tenacity import retry, stop_after_attempt

@retry(stop=stop_after_attempt(3))
async def rates(client: httpx.AsyncClient):
    return await client.get("http://rates")
""",
    good="""
import httpx
from tenacity import retry, stop_after_attempt, wait_random_exponential

@retry(stop=stop_after_attempt(3), wait=wait_random_exponential(max=2))
async def rates(client: httpx.AsyncClient):
    return await client.get("http://rates")
""",
    find=find,
    by_module=True,
)
