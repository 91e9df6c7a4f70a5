"""`@hold.cached("product")`: a function whose values are kept."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar, overload

from starlette.requests import Request
from starlette.responses import Response

from holdfast.errors import UsageError
from holdfast.policy.cache import Absence, Codec, Source, canonical
from holdfast.service.cache.absent import answered, raised
from holdfast.service.cache.arguments import Arguments
from holdfast.service.cache.entries import Entries
from holdfast.service.cache.home import Home
from holdfast.service.tenant import Tenant, tenant_of

__all__ = ["Cached", "Caching", "Tags", "decorate"]

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Tags: TypeAlias = Iterable[str] | Callable[[Any], Iterable[str]]
"""The tags of a function's values: the same for all, or what says so of each."""

_REQUEST = "holdfast_request"
"""The parameter by which FastAPI gives the request to a function whose tenant has to be asked for."""


class Cached(Protocol[P, T_co]):
    """What a decorated function is: always awaited, and with what it has stored at `cache`."""

    cache: Entries[Any]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T_co]:
        """Return the value, computed where it is not known."""


class Caching(Protocol):
    """The decorator: a coroutine function or a plain one becomes a Cached."""

    @overload
    def __call__(self, func: Callable[P, Awaitable[T]], /) -> Cached[P, T]: ...

    @overload
    def __call__(self, func: Callable[P, T], /) -> Cached[P, T]: ...


def decorate(
    func: Callable[..., Any],
    home: Home,
    *,
    tags: Tags,
    ignored: Collection[str],
    version: str,
    copies: bool,
    tenant: Tenant | None,
) -> Any:
    """Return `func` with its values kept at `home`. Raises UsageError, placed at the function."""
    place = f"{func.__module__}.{func.__qualname__}"
    try:
        signature = inspect.signature(func, eval_str=True)
    except NameError as error:
        raise UsageError(f"an annotation cannot be resolved: {error}", place=place) from error
    returns = signature.return_annotation
    if returns in (signature.empty, Any):
        raise UsageError("expected a return annotation: what is kept is checked against it", place=place)
    if inspect.isclass(returns) and issubclass(returns, Response):
        raise UsageError("returns a response: keep the value, and let the route render it", place=place)
    arguments = Arguments(func, signature, ignored=ignored)
    codec: Codec[Any] = Codec(returns, place=place)
    codec.version += version and f"-{version}"
    source = Source(codec, _tagging(tags))
    lent = arguments.lends
    call = _awaited(func)
    observes = home.observes

    async def looked_up(key: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        guard = home.here()
        assert guard is not None  # noqa: S101 - whoever calls has asked
        compute = partial(answered, partial(call, *args, **kwargs))
        if observes:
            await guard.get(key, source)  # counted, and not served
            value = await call(*args, **kwargs)
            await guard.set(key, source, value)
            return value
        value = await guard.obtain(key, source, compute, lent=lent)
        if value.__class__ is Absence:
            raise raised(value)
        return copy.deepcopy(value) if copies else value

    key_of, kind = arguments.key, codec.version

    @functools.wraps(func)
    async def cached(*args: Any, **kwargs: Any) -> Any:
        guard = home.here()
        if guard is None:
            return await call(*args, **kwargs)
        key = key_of(kind, "", args, kwargs)
        if not observes:
            entry = guard.hit(key)
            if entry is not None:
                return copy.deepcopy(entry.value) if copies else entry.value
        return await looked_up(key, args, kwargs)

    @functools.wraps(func)
    async def cached_of_tenant(*args: Any, **kwargs: Any) -> Any:
        request = kwargs.pop(_REQUEST)
        if home.here() is None:
            return await call(*args, **kwargs)
        assert tenant is not None  # noqa: S101 - else it is the other one
        named = canonical(await tenant_of(tenant, request))
        return await looked_up(key_of(kind, named, args, kwargs), args, kwargs)

    made: Any = cached
    if tenant is not None:
        asked = inspect.Parameter(_REQUEST, inspect.Parameter.KEYWORD_ONLY, annotation=Request)
        made = cached_of_tenant
        made.__signature__ = signature.replace(parameters=[*signature.parameters.values(), asked])
    made.cache = Entries(home, arguments, source)
    return made


def _awaited(func: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """Return `func` to be awaited; a plain one computes in a thread, and a hit takes none."""
    if inspect.iscoroutinefunction(func):
        return func
    from holdfast.loop.offload.threads import to_thread

    return partial(to_thread, func)


def _tagging(tags: Tags) -> Callable[[Any], tuple[str, ...]]:
    if callable(tags):
        return lambda value: tuple(tags(value))
    fixed = tuple(tags)
    return lambda value: fixed
