"""HF601: a loop that tries again waits longer each time, and not in step with others."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from holdfast.audit.fix.case import Case
from holdfast.audit.fix.edit import Fix
from holdfast.audit.fix.numbers import undecided

__all__ = ["fix"]

_LEAVES = m.Return() | m.Raise() | m.Break()


def fix(case: Case) -> Fix | None:
    """Put a full-jitter wait at the end of the handlers from which a counting loop goes on."""
    loop = next((one for one in case.draft.every(cst.For) if case.draft.line(one) == case.finding.line), None)
    key = case.key()
    if loop is None or key is None or not isinstance(loop.target, cst.Name):
        return None
    tried = next((one for one in loop.body.body if isinstance(one, cst.Try)), None)
    handlers = (
        [one for one in tried.handlers if not m.findall(one.body, _LEAVES)] if tried is not None else []
    )
    if not handlers:
        return None
    asynchronous = case.whole.program.function(key).asynchronous
    module, sleep = ("asyncio", "await asyncio.sleep") if asynchronous else ("time", "time.sleep")
    unused = loop.target.value == "_"
    attempt = case.free("attempt", case.draft.function(loop)) if unused else loop.target.value
    base = case.named(undecided("RETRY_WAIT", "seconds, the longest wait before the second attempt"))
    wait = f"{sleep}(random.uniform(0, {base.name} * 2**{attempt}))"

    def waits(handler: cst.ExceptHandler) -> cst.ExceptHandler:
        body = list(handler.body.body)
        at = len(body)
        if m.matches(body[-1], m.SimpleStatementLine(body=[m.OneOf(m.Continue(), m.Pass())])):
            at -= 1
        new = cst.parse_statement(wait, config=case.draft.module.config_for_parsing)
        return handler.with_deep_changes(handler.body, body=[*body[:at], new, *body[at:]])

    def renamed(_: cst.Name) -> cst.Name:
        return cst.Name(attempt)

    return case.fix(
        "waits before it tries again",
        *((handler, waits) for handler in handlers),
        *([(loop.target, renamed)] if unused else []),
        imports=((module, ""), ("random", "")),
        tops=case.constants(base),
        check=f"decide {base.name}; that all attempts fit in the deadline; that the call may be repeated, "
        "or carries an idempotency key",
    )
