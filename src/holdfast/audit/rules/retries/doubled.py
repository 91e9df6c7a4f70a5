"""HF604: a retry around what retries already."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.gathered import gathered
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.reach import Edge
from holdfast.audit.rules.calls import calls, importing, keyword
from holdfast.audit.rules.found import found
from holdfast.audit.rules.retries.loop import repeated_calls
from holdfast.audit.rules.retries.wrapped import DECORATORS, is_retried, retry_of
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_FARTHEST = 4
_THEMSELVES = {
    "openai.OpenAI": "max_retries",
    "openai.AsyncOpenAI": "max_retries",
    "openai.AzureOpenAI": "max_retries",
    "openai.AsyncAzureOpenAI": "max_retries",
    "anthropic.Anthropic": "max_retries",
    "anthropic.AsyncAnthropic": "max_retries",
}
"""Clients that repeat a failed call, with the parameter that says how often."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each call in a retry that leads to another retry, or to a client that has one."""
    quiet = frozenset[str]().union(*gathered(whole, _told_not_to))
    doubled: dict[FunctionKey, tuple[Edge, ...]] = {}
    for key in ((number, each) for number, own in enumerate(gathered(whole, _repeating)) for each in own):
        if not is_retried(whole, key):
            inside = repeated_calls(whole.program.function(key))
        else:
            inside = None
            stacked = _stacked(whole, key)
            if stacked:
                yield stacked
                continue
        for edge in whole.reach.edges[key]:
            if inside is not None and id(edge.site.expression) not in inside:
                continue
            chain = _again(whole, edge, quiet)
            if chain:
                doubled[key] = chain
                break
    # Of the retries around one that repeats itself, the nearest is told: mended once, all are.
    told: set[object] = set()
    for key, chain in sorted(doubled.items(), key=lambda one: (len(one[1]), one[0])):
        inner = chain[-1].callee or chain[-1].remote
        passed = {edge.callee for edge in chain}
        if inner not in told and passed.isdisjoint(doubled):
            told.add(inner)
            yield _finding(whole, key, chain, quiet)


def _repeating(whole: Whole) -> tuple[int, ...]:
    """Return the functions of a module that a decorator repeats, or that repeat something in a loop."""
    return tuple(
        key[1]
        for key in sorted(whole.reach.edges)
        if is_retried(whole, key) or repeated_calls(whole.program.function(key))
    )


def _stacked(whole: Whole, key: FunctionKey) -> Finding | None:
    function = whole.program.function(key)
    retries = [
        decorator
        for decorator in function.decorators
        if DECORATORS.intersection(
            whole.named(decorator[1] if decorator[0] == form.CALL else decorator, key[0])
        )
    ]
    if len(retries) < 2:
        return None
    message = (
        f"{whole.program.qualified(key)}() is repeated by {len(retries)} decorators: their attempts multiply"
    )
    return found(RULE, whole, key, (function.line, 0), message, _FIX, confidence=_sure(whole, key))


def _sure(whole: Whole, key: FunctionKey) -> Confidence:
    """Return how sure it is that attempts multiply: a retry that chooses its failures may leave out those
    that the inner one repeats, and where no request comes nobody waits for them."""
    policy = retry_of(whole, key)
    chooses = policy is not None and policy[0] == form.CALL and not _takes_all(policy)
    return Confidence.LOW if chooses or whole.reach.entry(key) is None else Confidence.HIGH


def _takes_all(policy: Expression) -> bool:
    """Whether a decorator repeats whatever fails."""
    given = keyword(policy, "retry") or keyword(policy, "on") or keyword(policy, "exceptions")
    if given is None:
        given = policy[2][0] if policy[2] else None
    return given is None or any(word(part) in ("Exception", "BaseException") for part in parts(given))


def _again(whole: Whole, edge: Edge, quiet: frozenset[str]) -> tuple[Edge, ...]:
    """Return the chain from a call to a second retry; () where there is none."""
    queue: list[tuple[Edge, ...]] = [(edge,)]
    seen: set[FunctionKey] = {edge.caller}
    while queue:
        chain = queue.pop(0)
        last = chain[-1]
        if _retries_itself(whole, last, quiet):
            return chain
        if last.callee is not None and last.callee not in seen and len(chain) < _FARTHEST:
            seen.add(last.callee)
            queue.extend((*chain, each) for each in whole.reach.edges.get(last.callee, ()))
    return ()


def _finding(whole: Whole, key: FunctionKey, chain: tuple[Edge, ...], quiet: frozenset[str]) -> Finding:
    first, last, name = chain[0], chain[-1], whole.program.qualified(key)
    inner = _retries_itself(whole, last, quiet)
    steps = tuple(whole.step(one.caller, one.site.line, inner if one is last else "") for one in chain)
    return found(
        RULE,
        whole,
        key,
        (first.site.line, first.site.column),
        f"{name}() repeats a call that {inner} repeats as well: their attempts multiply",
        _FIX,
        confidence=_sure(whole, key),
        chain=steps,
    )


def _retries_itself(whole: Whole, edge: Edge, quiet: frozenset[str]) -> str:
    """Return who repeats what an edge leads to; "" where nobody does."""
    if edge.callee is not None:
        return f"{whole.program.qualified(edge.callee)}()" if is_retried(whole, edge.callee) else ""
    client = next((path for path in _THEMSELVES if edge.remote.startswith(f"{path}.")), "")
    return client if client not in quiet else ""


def _told_not_to(whole: Whole) -> frozenset[str]:
    """Return the clients that some place of a module makes with a number of retries of its own."""
    words = {path.rpartition(".")[2] for path in _THEMSELVES}
    given = set()
    for where in importing(whole, "openai", "anthropic"):
        for site in calls(whole, where, words):
            call = site.expression
            for path in whole.named(call[1], where):
                if path in _THEMSELVES and (
                    keyword(call, _THEMSELVES[path]) is not None or any(name is None for name, _ in call[3])
                ):
                    given.add(path)
    return frozenset(given)


_FIX = "Keep one of the two: tell the client not to repeat (`max_retries=0`), or drop the outer retry"

RULE = Rule(
    code="HF604",
    name="doubled-retry",
    what="A retry stands around a call that is repeated already, by another retry or by its client.",
    why=(
        "Attempts multiply: four times three are twelve calls of a service that is failing, and the request "
        "waits for all of them. Each layer looks modest by itself."
    ),
    limits=(
        "Retries of a transport or an adapter are not seen, and neither is a number of retries that the "
        "environment gives. A client that is told a number of its own anywhere is taken to be meant so. Low "
        "confidence where no request comes, and for a retry that chooses the failures it repeats."
    ),
    bad="""
import openai
from fastapi import FastAPI
from tenacity import retry, stop_after_attempt, wait_random_exponential

app = FastAPI()
client = openai.AsyncOpenAI()

@retry(stop=stop_after_attempt(4), wait=wait_random_exponential(max=5))
async def answer(question):
    return await client.chat.completions.create(model="m", messages=[question])

@app.post("/answers")
async def ask(question: dict):
    return await answer(question)
""",
    good="""
import openai
from fastapi import FastAPI
from tenacity import retry, stop_after_attempt, wait_random_exponential

app = FastAPI()
client = openai.AsyncOpenAI(max_retries=0)

@retry(stop=stop_after_attempt(4), wait=wait_random_exponential(max=5))
async def answer(question):
    return await client.chat.completions.create(model="m", messages=[question])

@app.post("/answers")
async def ask(question: dict):
    return await answer(question)
""",
    find=find,
    gathers=(_told_not_to, _repeating),
)
