"""Every error that holdfast raises, in one tree.

    HoldfastError
    ├── UsageError                 exit 2   the caller's words or files are wrong; carries its place
    │   └── BudgetError            exit 2   holdfast.toml: malformed, unknown key, impossible number
    ├── MissingNumber              exit 3   a decision that nobody has taken yet
    ├── BootFailed                 exit 4   the service did not come up
    ├── NotMeasured                exit 5   too noisy, or not measured: not decided
    └── Refusal                    HTTP     the guard says no, now; carries status and retry_after
        ├── Shed                   503      the service is full
        ├── DeadlineExceeded       504      the time that the request had is over
        └── DependencyUnavailable  503      a dependency cannot be used; carries its name
            ├── BreakerOpen        503      ... because its breaker is open
            ├── BulkheadFull       503      ... because its bulkhead is full
            └── CallFailed         503      ... because the last attempt failed or timed out

The left branches end a command with `exit_code`; a `Refusal` that leaves a handler becomes a problem+json
answer with `status` and, where `retry_after` is known, a Retry-After header.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BootFailed",
    "BreakerOpen",
    "BudgetError",
    "BulkheadFull",
    "CallFailed",
    "DeadlineExceeded",
    "DependencyUnavailable",
    "HoldfastError",
    "MissingNumber",
    "NotMeasured",
    "Refusal",
    "Shed",
    "UsageError",
]


class HoldfastError(Exception):
    """The root. `str(error)` is one line that a user can act on."""

    exit_code: ClassVar[int] = 1


class UsageError(HoldfastError):
    """Something that the caller wrote is wrong.

    `place` is where: "holdfast.toml:14", "--port", "PAYMENTS_URL"; empty where there is none.
    """

    exit_code = 2

    def __init__(self, message: str, *, place: str = "") -> None:
        self.message = message
        self.place = place
        super().__init__(f"{place}: {message}" if place else message)


class BudgetError(UsageError):
    """The budget cannot be read or contradicts itself; `place` is file:line."""


class MissingNumber(HoldfastError):
    """Numbers are missing from the budget; `paths` are their dotted names, e.g. "objective.p99"."""

    exit_code = 3

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.paths = paths
        super().__init__("not decided yet: " + ", ".join(paths))


class BootFailed(HoldfastError):
    """The service did not come up; `output` holds the last lines that it wrote."""

    exit_code = 4

    def __init__(self, message: str, *, output: str = "") -> None:
        self.output = output
        super().__init__(message)


class NotMeasured(HoldfastError):
    """The measurement does not allow a decision."""

    exit_code = 5


class Refusal(HoldfastError):
    """The guard refuses. `retry_after`: seconds until another try makes sense, None where unknown."""

    status: ClassVar[int] = 503

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Shed(Refusal):
    """The service is full; `reason` is "full" (no queue left), "waited" (too long in it) or "draining"."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        self.reason = reason
        super().__init__(f"the service is full ({reason})", retry_after=retry_after)


class DeadlineExceeded(Refusal):
    """The time that this request had is over."""

    status = 504

    def __init__(self, message: str = "the deadline of this request has passed") -> None:
        super().__init__(message)


class DependencyUnavailable(Refusal):
    """A dependency cannot be used now; `dependency` is its name in the budget."""

    def __init__(self, dependency: str, why: str, *, retry_after: float | None = None) -> None:
        self.dependency = dependency
        super().__init__(f"{dependency}: {why}", retry_after=retry_after)


class BreakerOpen(DependencyUnavailable):
    """The dependency's breaker is open; `retry_after` is when it half-opens."""

    def __init__(self, dependency: str, *, retry_after: float | None = None) -> None:
        super().__init__(dependency, "breaker open", retry_after=retry_after)


class BulkheadFull(DependencyUnavailable):
    """As many calls as the bulkhead admits are in flight."""

    def __init__(self, dependency: str, *, retry_after: float | None = None) -> None:
        super().__init__(dependency, "bulkhead full", retry_after=retry_after)


class CallFailed(DependencyUnavailable):
    """The last attempt failed; `cause` says how: "timeout", "connect", "reset", "status 503" ..."""

    def __init__(self, dependency: str, cause: str, *, retry_after: float | None = None) -> None:
        self.cause = cause
        super().__init__(dependency, cause, retry_after=retry_after)
