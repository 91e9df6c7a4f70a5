"""Our Gunicorn worker: Uvicorn on uvloop and httptools, watched.

Whatever the app is, held or not, the worker claims its slot on the state board, beats there, starts the stall
watch, and says how it boots. What uvicorn-worker leaves out, it adds: the graceful timeout is forwarded, a
worker dies with the master, and one that fails to boot after the service has served is tried again instead
of taking the whole service down.
"""

from __future__ import annotations

import dataclasses
import sys
import traceback

from uvicorn_worker import UvicornWorker

from holdfast.serve import boot
from holdfast.serve.environment import terms
from holdfast.serve.lifespan import Lifespan
from holdfast.serve.server import SETTINGS, Server, proxy_settings
from holdfast.serve.supervised import BOOT_FAILED, Supervised

__all__ = ["Worker"]


class Worker(UvicornWorker):  # type: ignore[misc]  # untyped there
    """`gunicorn -k holdfast.serve.worker.Worker`; with a supervisor it also has a board and a channel."""

    CONFIG_KWARGS = SETTINGS
    supervised: Supervised

    def init_process(self) -> None:
        """Enter the worker process; `age` counts the workers that the master ever started."""
        self.supervised = Supervised(parent=self.ppid, replaces=self.age > self.cfg.workers)
        super().init_process()

    def load_wsgi(self) -> None:
        """Import the app."""
        self.supervised.stage("import")
        try:
            super().load_wsgi()
        except BaseException as error:  # noqa: BLE001 - SystemExit too: apps call sys.exit() for a missing setting
            traceback.print_exc()
            self.supervised.fail("import", *boot.explain(error))

    async def _serve(self) -> None:
        config, told = self.config, terms()
        config.app = self.wsgi
        if self.supervised.channel is not None:
            config.limit_max_requests = None  # it asks to be replaced, and goes on until somebody has come
            config.timeout_keep_alive = told.keepalive  # Gunicorn knows whole seconds only
            for name, value in proxy_settings(told.proxies).items():
                setattr(config, name, value)
        else:
            told = dataclasses.replace(told, finishing=told.finishing or self.cfg.graceful_timeout)
        config.load()
        config.lifespan_class = Lifespan
        self._install_sigquit_handler()
        server = Server(config, worker=self.supervised, terms=told)
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(BOOT_FAILED)
