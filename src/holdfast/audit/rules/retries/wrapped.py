"""Which functions are repeated as a whole: by a decorator of a library for retries."""

from __future__ import annotations

from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.whole import Whole

__all__ = ["DECORATORS", "is_retried", "retry_of"]

DECORATORS = frozenset(
    {
        *("tenacity.retry", "tenacity.asyncio.retry", "stamina.retry", "backoff.on_exception"),
        *("retry.retry", "retry.api.retry", "retrying.retry", "retry_async.retry", "async_retrying.retry"),
    }
)


def retry_of(whole: Whole, key: FunctionKey) -> Expression | None:
    """Return the decorator that repeats a function when it fails; None where none does."""
    function = whole.program.function(key)
    outer = (key[0], function.within) if function.within is not None else key[0]
    for decorator in function.decorators:
        target = decorator[1] if decorator[0] == form.CALL else decorator
        if not DECORATORS.isdisjoint(whole.named(target, outer)):
            return decorator
    return None


def is_retried(whole: Whole, key: FunctionKey) -> bool:
    """Whether a decorator repeats the function when it fails."""
    return retry_of(whole, key) is not None
