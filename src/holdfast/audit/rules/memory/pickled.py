"""HF703: what a cache gives back is run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.calls import calls, importing, keyword
from holdfast.audit.rules.found import found, sure
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_PICKLES = ("pickle", "cPickle", "dill", "cloudpickle", "_pickle")
_LOADS = frozenset(f"{module}.loads" for module in _PICKLES)
_SERIALIZERS = frozenset(
    {
        *("aiocache.serializers.PickleSerializer", "aiocache.serializers.serializers.PickleSerializer"),
        *("fastapi_cache.coder.PickleCoder", "fastapi_cache.coders.PickleCoder"),
    }
)
_STORES = ("redis.", "aioredis.", "memcache.", "pymemcache.", "aiomcache.", "valkey.", "diskcache.")
_NAMED = re.compile(r"redis|memcache|valkey", re.IGNORECASE)
_FIX = "Store JSON, or a Pydantic model's own JSON (`model_dump_json`, `model_validate_json`)"


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each `pickle.loads` of what a store gave, and each cache that is told to pickle."""
    for where in importing(whole, *_PICKLES, "aiocache", "fastapi_cache"):
        for site in calls(whole, where, {"loads", "PickleSerializer", "cache", "cached", "init"}):
            call = site.expression
            if word(call[1]) == "loads":
                source = _source(whole, where, call)
                if source:
                    message = f"`loads` runs what {source} holds: who can write there runs code here"
                    yield _finding(whole, where, call, message)
            elif _pickles(whole, where, call):
                message = "this cache pickles its values: who can write to its store runs code here"
                yield _finding(whole, where, call, message)


def _source(whole: Whole, where: FunctionKey | int, call: Expression) -> str:
    """Return the store whose value is unpickled; "" for anything else, such as a file of its own."""
    if not call[2] or _LOADS.isdisjoint(whole.named(call[1], where)) or not isinstance(where, tuple):
        return ""
    queue, seen = [call[2][0]], set()
    while queue:
        for part in parts(queue.pop()):
            if part[0] == form.NAME and part[1] not in seen:
                seen.add(part[1])
                queue.extend(whole.program.scope(where).values.get(part[1], ()))
            if part[0] != form.CALL or part[1][0] != form.ATTR:
                continue
            if any(path.startswith(_STORES) for path in whole.named(part[1], where)):
                return "the store"
            receiver = word(part[1][1])
            if _NAMED.search(receiver):
                return f"`{receiver}`"
    return ""


def _pickles(whole: Whole, where: FunctionKey | int, call: Expression) -> bool:
    if word(call[1]) == "PickleSerializer":
        return not _SERIALIZERS.isdisjoint(whole.named(call[1], where))
    coder = keyword(call, "coder")
    return coder is not None and not _SERIALIZERS.isdisjoint(whole.named(coder, where))


def _finding(whole: Whole, where: FunctionKey | int, call: Expression, message: str) -> Finding:
    return found(
        RULE,
        whole,
        where,
        (call[4], call[5]),
        message,
        _FIX,
        severity=Severity.HIGH,
        confidence=max(sure(whole, where), Confidence.MEDIUM),
        calls="pickle.loads",
    )


RULE = Rule(
    code="HF703",
    name="pickled-cache",
    what="Values of a shared cache are pickled.",
    why=(
        "Unpickling runs what was stored: one write to the cache is code in every worker. A deploy that "
        "renames a class makes every old value an error at the same moment."
    ),
    limits="A store is known by its type or by its name. Pickles in files and from pipes are not told.",
    bad="""
import pickle
import redis

store = redis.Redis()

def rates(currency):
    found = store.get(currency)
    return pickle.loads(found)
""",
    good="""
import json
import redis

store = redis.Redis()

def rates(currency):
    found = store.get(currency)
    return json.loads(found)
""",
    find=find,
    by_module=True,
)
