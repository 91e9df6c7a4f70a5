"""Every error that holdfast raises, in one tree.

    HoldfastError
    ├── UsageError                 exit 2   the caller's words or files are wrong; carries its place
    │   └── BudgetError            exit 2   holdfast.toml: malformed, unknown key, impossible number
    ├── MissingNumber              exit 3   a decision that nobody has taken yet
    ├── BootFailed                 exit 4   the service did not come up
    ├── NotMeasured                exit 5   too noisy, or not measured: not decided
    ├── WorkerDied                 HTTP 500 the process that ran a call ended before it had an answer
    └── Refusal                    HTTP     the guard says no, now; carries status and retry_after
        ├── Shed                   503      the service is full
        │   └── OffloadFull        503      ... because as many calls wait for a thread or process as may
        ├── DeadlineExceeded       504      the time that the request had is over
        ├── RateLimited            429      the caller has made more calls than its limit allows
        ├── KeyInvalid             400      an idempotency key is missing or malformed
        ├── KeyInFlight            409      ... its first request is still being worked on
        ├── KeyReused              422      ... it came with another payload before
        ├── OutcomeUnknown         409      ... its first request ended, and nobody knows how
        ├── UploadRefused          400      an upload is malformed, or ended too early
        │   ├── UploadTooLarge     413      ... or has more than is taken; carries the limit
        │   ├── UploadUnsupported  415      ... or is of a type that is not taken; carries those that are
        │   └── StorageFull        507      ... or finds no room where it is to be kept
        └── DependencyUnavailable  503      a dependency cannot be used; carries its name
            ├── BreakerOpen        503      ... because its breaker is open
            ├── BulkheadFull       503      ... because its bulkhead is full
            ├── Throttled          503      ... because it sheds our calls, and is asked less often
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
    "KeyInFlight",
    "KeyInvalid",
    "KeyReused",
    "MissingNumber",
    "NotMeasured",
    "OffloadFull",
    "RateLimited",
    "Refusal",
    "Shed",
    "StorageFull",
    "Throttled",
    "UploadRefused",
    "UploadTooLarge",
    "UploadUnsupported",
    "UsageError",
    "WorkerDied",
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


class WorkerDied(HoldfastError):
    """The process that ran `call` ended in the middle of it; `how`: "killed by SIGKILL", "exit code 3".

    The call may have had its effect or not. The next call gets another process.
    """

    def __init__(self, call: str, how: str) -> None:
        self.call = call
        self.how = how
        super().__init__(f"the worker process that ran {call} ended: {how}")


class Refusal(HoldfastError):
    """The guard refuses. `retry_after`: seconds until another try makes sense, None where unknown."""

    status: ClassVar[int] = 503

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Shed(Refusal):
    """The service is full.

    `reason`: "full" (no queue left), "waited" (too long in it), "late" (the event loop is), "priority" (those
    of higher priority fill it), "displaced" (one of higher priority took the place in the queue), "draining".
    """

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        self.reason = reason
        super().__init__(f"the service is full ({reason})", retry_after=retry_after)


class OffloadFull(Shed):
    """No slot for work off the loop; `kind` is "threads" or "processes", `reason` "full" or "draining"."""

    def __init__(self, kind: str, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{kind}: {reason}", retry_after=retry_after)
        self.kind = kind
        self.reason = reason


class DeadlineExceeded(Refusal):
    """The time that this request had is over."""

    status = 504

    def __init__(self, message: str = "the deadline of this request has passed") -> None:
        super().__init__(message)


class RateLimited(Refusal):
    """The caller has made more calls than the rate limit `limit` allows.

    `violated`: the names of the single limits that it exceeded, as clients read them in `RateLimit-Policy`.
    """

    status = 429

    def __init__(self, limit: str, violated: tuple[str, ...], *, retry_after: float | None = None) -> None:
        self.limit = limit
        self.violated = violated
        super().__init__(f"more calls than {', '.join(violated)} allows", retry_after=retry_after)


class KeyInvalid(Refusal):
    """An idempotency key is missing where one is needed, or malformed."""

    status = 400


class KeyInFlight(Refusal):
    """The first request with this key is still being worked on; `retry_after` is when to ask again."""

    status = 409


class KeyReused(Refusal):
    """The key came with another payload before."""

    status = 422

    def __init__(self, message: str = "this Idempotency-Key was used with another payload before") -> None:
        super().__init__(message)


class OutcomeUnknown(Refusal):
    """The first request with this key ended in a crash, so that nobody knows whether it had its effect."""

    status = 409

    def __init__(
        self,
        message: str = "the first request with this Idempotency-Key ended without an answer, and whether it "
        "had its effect is not known; it is not repeated",
    ) -> None:
        super().__init__(message)


class UploadRefused(Refusal):
    """An upload is malformed, or ended before it was complete."""

    status = 400


class UploadTooLarge(UploadRefused):
    """An upload has more than is taken: `limit` of `unit`, "bytes" or "files"."""

    status = 413

    def __init__(self, message: str, *, limit: int, unit: str = "bytes") -> None:
        self.limit = limit
        self.unit = unit
        super().__init__(message)


class UploadUnsupported(UploadRefused):
    """An upload is of a type that is not taken; `accepted` are the media types that are."""

    status = 415

    def __init__(self, message: str, *, accepted: tuple[str, ...]) -> None:
        self.accepted = accepted
        super().__init__(message)


class StorageFull(UploadRefused):
    """There is no room where the upload is to be kept."""

    status = 507

    def __init__(self, message: str = "there is no room to keep the upload") -> None:
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


class Throttled(DependencyUnavailable):
    """The dependency refuses many of our calls for want of room, so that this one was not made."""

    def __init__(self, dependency: str, *, retry_after: float | None = None) -> None:
        super().__init__(dependency, "throttled", retry_after=retry_after)


class CallFailed(DependencyUnavailable):
    """The last attempt failed; `cause` says how: "timeout", "connect", "reset", "status 503" ..."""

    def __init__(self, dependency: str, cause: str, *, retry_after: float | None = None) -> None:
        self.cause = cause
        super().__init__(dependency, cause, retry_after=retry_after)
