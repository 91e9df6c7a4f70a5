"""An upload as a FastAPI dependency: where the route fails, its files go as well."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from holdfast.service.upload.limits import Limits
from holdfast.service.upload.received import Received
from holdfast.service.upload.reception import Reception
from holdfast.service.upload.sink import Sink

__all__ = ["MARK", "uploading"]

MARK = "__holdfast_upload__"
"""On the dependency's function: whether it takes a raw body, for whoever describes the routes."""


def uploading(limits: Limits, sink: Sink, *, raw: bool) -> Any:
    """Return the annotation of a parameter that receives an upload."""

    async def upload(request: Request) -> AsyncIterator[Received]:
        reception = Reception(limits, sink)
        receive: Callable[..., Any] = reception.receive_raw if raw else reception.receive_form
        try:
            yield await receive(request)
        except BaseException:
            await reception.discard()
            raise

    setattr(upload, MARK, raw)
    # Of the function: what fails after the route, while its answer is made, is still in time.
    return Annotated[Received, Depends(upload, scope="function")]
