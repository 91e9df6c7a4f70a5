"""Where values come from: their type, the tags they carry, and that there may be none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from holdfast.policy.cache.codec import Codec, Undecodable

__all__ = ["Absence", "Source", "untagged"]

T = TypeVar("T")


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


@dataclass(frozen=True, slots=True)
class Source(Generic[T]):
    """Of one kind of values. `tags(value)`: what each is to be invalidated by, beside its key."""

    codec: Codec[T]
    tags: Callable[[T], tuple[str, ...]] = field(default=untagged)
