"""From the arguments of a call to its key.

Everything that a function is given is in its key, what dependencies give it as well: the answer may depend on
it. Only what a service lends for the work is not: sessions, clients, connections. What is neither is refused
when the function is decorated, and not left out in silence: a user who is not in the key sees another's page.
"""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from hashlib import blake2b
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel
from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection
from starlette.responses import Response

from holdfast.errors import UsageError
from holdfast.policy.cache.key import LONGEST, SCALARS, Unwritable, bounded, canonical

__all__ = ["Arguments"]

_LENT = frozenset({
    "aiosqlite", "asyncpg", "celery", "httpx", "httpx2", "motor", "psycopg", "pymongo", "redis", "sqlalchemy",
    "sqlmodel",
})  # fmt: skip
"""Packages whose objects are means of work. The class of a table's row is the app's own."""


class Arguments:
    """Of one function. `lends`: it is given something that belongs to its caller.

    `ignored`: parameters that its value does not depend on. Raises UsageError, placed at the function.
    """

    __slots__ = ("_count", "_names", "_prefix", "_signature", "lends")

    def __init__(
        self, func: Callable[..., Any], signature: inspect.Signature, *, ignored: Collection[str]
    ) -> None:
        place = f"{func.__module__}.{func.__qualname__}"
        unknown = set(ignored) - set(signature.parameters)
        if unknown:
            raise UsageError(f"ignore names no parameter: {', '.join(sorted(unknown))}", place=place)
        self._signature = signature
        self.lends = False
        names = []
        for name, parameter in signature.parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise UsageError(f"{name} stands for any arguments: name those that count", place=place)
            lent = name in ignored or _is_lent(parameter.annotation)
            if not lent and not _is_writable(parameter.annotation):
                raise UsageError(_refusal(name, parameter.annotation), place=place)
            if lent:
                self.lends = True
            else:
                names.append(name)
        self._names = tuple(names)
        self._count = len(signature.parameters)
        self._prefix = f"{blake2b(place.encode(), digest_size=6).hexdigest()}/"

    def key(self, version: str, tenant: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        """Return the key of a call. `version` is that of the values. Raises UsageError."""
        if args or len(kwargs) != self._count:
            bound = self._signature.bind_partial(*args, **kwargs)
            bound.apply_defaults()
            kwargs = bound.arguments
        key = f"{version}/{self._prefix}{tenant}"
        try:
            for name in self._names:
                value = kwargs[name]
                # The two most frequent kinds here, as `canonical` writes them: a call costs as much again.
                if value.__class__ is int:
                    key += f"i{value};"
                elif value.__class__ is str:
                    key += f"s{len(value)}:{value}"
                else:
                    key += canonical(value)
        except KeyError as error:
            raise TypeError(f"missing argument {error}, which is part of the key") from None
        except Unwritable as error:
            raise UsageError(str(error), place=self._prefix) from error
        return key if len(key) <= LONGEST else bounded(key)


def _refusal(name: str, annotation: Any) -> str:
    if inspect.isclass(annotation) and issubclass(annotation, HTTPConnection):
        why = "says everything about its caller: take what the value depends on as parameters of their own"
    else:
        why = (
            f'cannot be part of a key: take plain values, or say ignore=("{name}",) if nothing depends on it'
        )
    kind = _bare(annotation)
    return f"{name} ({getattr(kind, '__name__', kind)}) {why}"


def _is_lent(annotation: Any) -> bool:
    kind = _bare(annotation)
    if typing.get_origin(kind) in (Union, types.UnionType):
        some = [item for item in typing.get_args(kind) if item is not types.NoneType]
        return all(map(_is_lent, some))
    if not inspect.isclass(kind):
        return False
    if issubclass(kind, (Response, BackgroundTasks)):
        return True
    return kind.__module__.partition(".")[0] in _LENT and not issubclass(kind, BaseModel)


def _is_writable(annotation: Any) -> bool:
    kind = _bare(annotation)
    if kind is inspect.Parameter.empty or kind is Any or isinstance(kind, typing.TypeVar):
        return True  # nothing is said: looked at with each value
    origin = typing.get_origin(kind)
    if origin is Literal:
        return True
    if origin is not None:
        inner = [item for item in typing.get_args(kind) if item is not Ellipsis]
        container = origin in (Union, types.UnionType) or (
            inspect.isclass(origin) and issubclass(origin, (Sequence, Mapping, AbstractSet))
        )
        return container and all(map(_is_writable, inner))
    if kind is None:
        return True
    if not inspect.isclass(kind):
        return False
    plain = (*SCALARS, list, tuple, dict, set, frozenset, BaseModel)
    return issubclass(kind, plain) or dataclasses.is_dataclass(kind)


def _bare(annotation: Any) -> Any:
    while typing.get_origin(annotation) is Annotated:
        annotation = typing.get_args(annotation)[0]
    return annotation
