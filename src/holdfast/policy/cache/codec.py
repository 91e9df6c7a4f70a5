"""Values as JSON, checked against their type on the way in and on the way back."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from holdfast.errors import UsageError

__all__ = ["Codec", "Undecodable"]

T = TypeVar("T")


class Undecodable(Exception):
    """What was stored is no value of this type: it counts as not stored."""


class Codec(Generic[T]):
    """Of values of `kind`, any type that pydantic knows.

    `version` is that of the type: eight hexadecimal digits of its JSON schema. It is part of every key, so
    that after a change of the model nothing is found that was stored before. What is found is validated all
    the same, and what fails is `Undecodable`, never an error of the caller.

    Raises UsageError for a type that has no schema. Never pickle: what is read from a shared store is data.
    """

    __slots__ = ("_adapter", "_proved", "kind", "version")

    def __init__(self, kind: Any, *, place: str = "") -> None:
        self.kind = kind
        try:
            self._adapter: TypeAdapter[T] = TypeAdapter(kind)
            schema = self._adapter.json_schema(mode="serialization")
        except PydanticUserError as error:
            message = f"values of type {kind!r} cannot be kept as JSON: {error.message.splitlines()[0]}"
            raise UsageError(message, place=place) from error
        written = json.dumps(schema, sort_keys=True).encode()
        self._proved = False
        self.version = blake2b(written, digest_size=4).hexdigest()

    def own(self, value: Any) -> T:
        """Return `value` as one of this type, also from an object with such attributes (an ORM's row).

        What already is one is returned as it is, not copied. Raises Undecodable.
        """
        try:
            return self._adapter.validate_python(value, from_attributes=True)
        except ValidationError as error:
            raise Undecodable(str(error)) from error

    def encode(self, value: T) -> bytes:
        """Return `value` as JSON that can be read back.

        Raises Undecodable where it cannot: fields that are left out of the JSON, secrets that are masked. The
        first value shows it, as it is compared with what is read back.
        """
        data = self._adapter.dump_json(value, by_alias=False, round_trip=True)
        if not self._proved:
            if self.decode(data) != value:
                raise Undecodable(f"{self.kind!r} is not the same when it is read back")
            self._proved = True
        return data

    def decode(self, data: bytes) -> T:
        """Return the value that `encode` wrote. Raises Undecodable."""
        try:
            return self._adapter.validate_json(data, by_alias=False, by_name=True)
        except ValidationError as error:
            raise Undecodable(str(error)) from error
