"""HF603: a call that is repeated, and may be done twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.graph.reach import Edge
from holdfast.audit.rules.calls import calls_in
from holdfast.audit.rules.found import found, sure
from holdfast.audit.rules.retries.loop import repeated
from holdfast.audit.rules.retries.wrapped import retry_of
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function
from holdfast.audit.source.inside import own, parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_FARTHEST = 2
"""Calls between what is repeated and the request that are followed."""
_CREATES = re.compile(
    r"(^|_)(create|charge|pay|payout|order|book|transfer|refund|invite|purchase|withdraw|deposit)(_|$)|"
    r"(^|_)send_?(e?mail|sms|invoice|payment|money|invitation|letter)"
)
"""Words in the name of a function that does something which must not be done twice. A message of a chat, or a
batch of changes, that comes twice does less harm than one that is lost."""
_ASKS = re.compile(
    r"graphql|search|query|token|oauth|embed|completion|generate|predict|infer|rerank|/batch_get|lookup|login|"
    r"validate|verify|preview|estimate",
    re.IGNORECASE,
)
"""What in a URL or a name says that a POST only asks."""
_KEY = re.compile(r"idempoten|request.?id|dedup|client.?token|nonce", re.IGNORECASE)
_NOT_SENT = frozenset({"ConnectError", "ConnectTimeout", "ConnectionRefusedError", "PoolTimeout"})
"""Failures after which the other side cannot have done anything."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each POST in what is repeated when it fails, without a key of its own."""
    for key in sorted(whole.reach.edges):
        function = whole.program.function(key)
        retry = retry_of(whole, key)
        chains: list[tuple[Edge, ...]] = []
        if retry is not None and not _is_harmless(retry):
            chains = [chain for edge in whole.reach.edges[key] if (chain := _to_post(whole, edge))]
        for _, tried in repeated(function):
            if any(_is_harmless(types) for types, _, _, _ in tried[2] if types is not None):
                continue
            inside = set(map(id, calls_in(tried[1])))
            edges = [edge for edge in whole.reach.edges[key] if id(edge.site.expression) in inside]
            chains += [chain for edge in edges if (chain := _to_post(whole, edge))]
        for chain in chains[:1]:
            yield _finding(whole, key, chain)


def _is_harmless(policy: Expression) -> bool:
    """Whether a policy names only failures after which nothing was done."""
    named = {word(part) for part in parts(policy) if part[0] in (form.NAME, form.ATTR)}
    failures = {name for name in named if name.endswith(("Error", "Timeout", "Exception"))}
    return bool(failures) and failures <= _NOT_SENT


def _to_post(whole: Whole, edge: Edge, far: int = 0) -> tuple[Edge, ...]:
    """Return the chain from `edge` to a POST that creates something; () where there is none."""
    function = whole.program.function(edge.caller)
    if edge.remote.endswith((".post", ".create")):
        return (edge,) if not _has_key(function) and not _only_asks(edge, function) else ()
    if edge.callee is None or far >= _FARTHEST or _has_key(function):
        return ()
    for following in whole.reach.edges.get(edge.callee, ()):
        chain = _to_post(whole, following, far + 1)
        if chain:
            return (edge, *chain)
    return ()


def _has_key(function: Function) -> bool:
    return any(
        _KEY.search(str(text))
        for statement in statements(function.body)
        for value in own(statement)
        for part in parts(value)
        for text in _texts(part)
    )


def _texts(part: Expression) -> Iterator[object]:
    if part[0] in (form.NAME, form.TEXT):
        yield part[1]
    elif part[0] == form.ATTR:
        yield part[2]
    elif part[0] == form.CALL:
        yield from (name for name, _ in part[3] if name is not None)


def _only_asks(edge: Edge, function: Function) -> bool:
    words = [str(text) for part in parts(edge.site.expression) for text in _texts(part)]
    return any(map(_ASKS.search, (*words, function.name, edge.remote)))


def _finding(whole: Whole, key: FunctionKey, chain: tuple[Edge, ...]) -> Finding:
    last = chain[-1]
    names = [whole.program.function(edge.caller).name for edge in chain]
    certain = any(map(_CREATES.search, names))
    steps = [whole.step(edge.caller, edge.site.line, edge.remote) for edge in chain]
    return found(
        RULE,
        whole,
        last.caller,
        (last.site.line, last.site.column),
        f"{whole.program.qualified(key)}() repeats {last.remote} when it fails, without an idempotency key: "
        "where only the answer was lost, it is done twice",
        "Send an idempotency key, the same for all attempts, or repeat only what was certainly not sent",
        severity=Severity.HIGH if certain else Severity.MEDIUM,
        confidence=sure(whole, key) if certain else Confidence.LOW,
        chain=tuple(steps),
    )


RULE = Rule(
    code="HF603",
    name="retry-not-idempotent",
    what="A call that creates something is repeated when it fails, without an idempotency key.",
    why=(
        "A timeout does not say that nothing was done: the answer may have been lost. The repeat does it "
        "again, and the customer is charged, or mailed, twice."
    ),
    limits=(
        "That a call creates something is told by the name of the function around it; others are shown at "
        "low confidence. A POST that asks (search, GraphQL, tokens, completions) is left out. That the other "
        "side refuses duplicates by itself is not known."
    ),
    bad="""
import httpx
from fastapi import FastAPI
from tenacity import retry, stop_after_attempt, wait_random_exponential

app = FastAPI()
client = httpx.AsyncClient()

@retry(stop=stop_after_attempt(3), wait=wait_random_exponential(max=2))
async def charge(order):
    await client.post("http://payments/charges", json=order)

@app.post("/orders")
async def order(order: dict):
    await charge(order)
""",
    good="""
import httpx
from fastapi import FastAPI
from tenacity import retry, stop_after_attempt, wait_random_exponential

app = FastAPI()
client = httpx.AsyncClient()

@retry(stop=stop_after_attempt(3), wait=wait_random_exponential(max=2))
async def charge(order, key):
    await client.post("http://payments/charges", json=order, headers={"Idempotency-Key": key})

@app.post("/orders")
async def order(order: dict, key: str):
    await charge(order, key)
""",
    find=find,
    by_module=True,
)
