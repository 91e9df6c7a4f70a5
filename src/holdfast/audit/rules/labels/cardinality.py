"""HF903: a metric with a series for each user."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.rules.calls import calls, calls_in, importing, keyword
from holdfast.audit.rules.found import found, sure
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import own, parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_METRICS = ("prometheus_client.",)
_MAKERS = frozenset({"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"})
_MANY = frozenset(
    {
        *("user_id", "userid", "user", "email", "user_email", "ip", "client_ip", "ip_address", "uuid"),
        *("session_id", "request_id", "trace_id", "span_id", "correlation_id", "url", "full_url", "token"),
        *("order_id", "customer_id", "message_id", "job_id", "task_id", "run_id", "execution_id"),
    }
)
"""Labels that have as many values as there are users, clients or requests."""
_REQUESTS = frozenset({"request", "req", "http_request"})
_FIX = "Label with what has few values (the route's template, the status), and log the rest"


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each metric with such a label, and each label that is given the raw path."""
    places = list(importing(whole, "prometheus_client"))
    for where in places:
        for site in calls(whole, where, _MAKERS):
            call = site.expression
            if any(path.startswith(_METRICS) for path in whole.named(call[1], where)):
                name = next(_declared(call), "")
                if name and not _is_emptied(whole, where, call):
                    message = f"the label `{name}` makes a series of this metric for each value, for ever"
                    yield _finding(whole, where, call, message)
    if places:
        for key, _ in whole.program.functions():
            yield from _given(whole, key)


def _declared(call: Expression) -> Iterator[str]:
    """Yield the labels of a metric that have too many values."""
    names = keyword(call, "labelnames") or (call[2][2] if len(call[2]) > 2 else None)
    if names is not None and names[0] == form.SEQ:
        for one in names[2]:
            if one[0] == form.TEXT and one[1].lower() in _MANY:
                yield one[1]


def _is_emptied(whole: Whole, where: FunctionKey | int, call: Expression) -> bool:
    """Whether the module takes series of a metric away again: `active.clear()`, `active.remove(user)`."""
    module = whole.program.modules[where[0] if isinstance(where, tuple) else where]
    bodies = [module.body, *(one.body for one in module.functions)]
    named = {
        word(statement[1])
        for body in bodies
        for statement in statements(body)
        if call in list(own(statement))[:1]
    }
    return any(
        each[1][0] == form.ATTR and each[1][2] in ("clear", "remove") and word(each[1][1]) in named
        for body in bodies
        for each in calls_in(body)
    )


def _given(whole: Whole, where: FunctionKey) -> Iterator[Finding]:
    """Yield a finding for each `labels(...)` that is given the path of a request as it came."""
    for site in calls(whole, where, {"labels"}):
        call = site.expression
        if not any(path.startswith(_METRICS) for path in whole.named(call[1], where)):
            continue
        for value in (*call[2], *(given for _, given in call[3])):
            if _is_raw(whole, where, value):
                message = (
                    "a label is given the path as the client sent it: a series for each id in it, for ever"
                )
                yield _finding(whole, where, call, message)
                break


def _is_raw(whole: Whole, where: FunctionKey, value: Expression) -> bool:
    """Whether a value is `request.url.path`, or a name that is never anything else."""
    if value[0] == form.NAME:
        bound = whole.program.scope(where).values.get(value[1], [])
        return len(bound) == 1 and _is_raw(whole, where, bound[0])
    if value[0] == form.CALL and word(value[1]) == "str" and value[2]:
        value = value[2][0]
    named = [word(part) for part in parts(value)] if value[0] == form.ATTR else []
    return named[:2] == ["path", "url"] or (named[:1] == ["url"] and not _REQUESTS.isdisjoint(named))


def _finding(whole: Whole, where: FunctionKey | int, call: Expression, message: str) -> Finding:
    confidence = max(sure(whole, where), Confidence.MEDIUM)
    return found(RULE, whole, where, (call[4], call[5]), message, _FIX, confidence=confidence)


RULE = Rule(
    code="HF903",
    name="high-cardinality-label",
    what="A label of a metric has as many values as there are users, requests or paths.",
    why=(
        "Each value is a series, kept in every worker's memory for as long as it lives and in Prometheus "
        "for weeks; a histogram multiplies it by its buckets. A scanner that tries paths makes millions."
    ),
    limits=(
        "Labels are known by their names, for metrics of prometheus_client. Traces may have them. A metric "
        "whose series its module clears or removes is left out."
    ),
    bad="""
from prometheus_client import Counter

orders = Counter("orders", "Orders placed.", ["user_id"])
""",
    good="""
from prometheus_client import Counter

orders = Counter("orders", "Orders placed.", ["status"])
""",
    find=find,
    by_module=True,
)
