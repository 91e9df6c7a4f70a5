"""Which protocol a connection gets."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.middleware.message_logger import MessageLoggerMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from holdfast.serve.protocol.guarded import Guarded
from holdfast.serve.protocol.porter import Porter
from holdfast.service import door

__all__ = ["protocol"]


def protocol(
    config: Config,
    server_state: ServerState,
    app_state: dict[str, Any],
    _loop: asyncio.AbstractEventLoop | None = None,
) -> HttpToolsProtocol:
    """Return the protocol for a connection: ours where a held app runs on this loop, else Uvicorn's.

    For `uvicorn.Config(http=protocol)`.
    """
    loop = _loop or asyncio.get_running_loop()
    found = door.at(loop)
    if found is None or found.app is not _served(config):
        return HttpToolsProtocol(config, server_state, app_state, loop)
    return Guarded(Porter.of(found, server_state), config, server_state, app_state, loop)


def _served(config: Config) -> object:
    """Return the app that the server serves, without what Uvicorn itself puts around it.

    An app around the held one may answer some paths itself; those are not the held app's to refuse.
    """
    app: object = config.loaded_app
    while isinstance(app, ProxyHeadersMiddleware | MessageLoggerMiddleware):
        app = app.app
    return app
