"""Where values come from: their type, the tags they carry, and that there may be none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from holdfast.policy.cache.codec import Undecodable

__all__ = ["Absence", "Form", "Source", "Unkept", "as_configured", "untagged"]

T = TypeVar("T")


class Unkept(Exception):
    """What is computed is for whoever computes it alone: neither stored nor shared."""


class Form(Protocol[T]):
    """How values are written: a `Codec`, or one for values that are no JSON. `version` belongs into keys."""

    version: str

    def own(self, value: Any) -> T:
        """Return `value` as one of this type. Raises Undecodable."""

    def encode(self, value: T) -> bytes:
        """Return `value` as bytes. Raises Undecodable where they could not be read back."""

    def decode(self, data: bytes) -> T:
        """Return the value that `encode` wrote. Raises Undecodable."""


@dataclass(frozen=True, slots=True)
class Absence:
    """There is no value, which may be remembered too. `status` and `detail`: what its caller says."""

    status: int = 404
    detail: Any = None

    def encode(self) -> bytes:
        """Return it as JSON. Raises Undecodable where its detail has none."""
        try:
            return json.dumps([self.status, self.detail]).encode()
        except (TypeError, ValueError) as error:
            raise Undecodable(str(error)) from error

    @classmethod
    def decode(cls, data: bytes) -> Absence:
        """Return what `encode` wrote. Raises Undecodable."""
        try:
            status, detail = json.loads(data)
            return cls(int(status), detail)
        except (TypeError, ValueError) as error:
            raise Undecodable(str(error)) from error


def untagged(value: Any) -> tuple[str, ...]:
    """No tags."""
    return ()


def as_configured(value: Any) -> None:
    """As long as the cache says."""


@dataclass(frozen=True, slots=True)
class Source(Generic[T]):
    """Of one kind of values. `tags(value)`: what each is to be invalidated by, beside its key.

    `times(value)`: for how many seconds it is fresh, and for how many after that it is kept; None: as the
    cache says of all.
    """

    codec: Form[T]
    tags: Callable[[T], tuple[str, ...]] = field(default=untagged)
    times: Callable[[T], tuple[float, float] | None] = field(default=as_configured)
