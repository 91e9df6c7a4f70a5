"""The protocol of one connection: Uvicorn's, which asks the door first and does not wait for ever.

What Uvicorn does stays Uvicorn's: the parser, the scope, the cycle of a request. Here is when a request is
refused before all that; how its body is then got rid of is in `conversation`.
"""

from __future__ import annotations

import asyncio
import sys
import urllib.parse
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from holdfast.clock import monotonic
from holdfast.policy.admission.core import Refused
from holdfast.serve.protocol.conversation import Conversation
from holdfast.serve.protocol.lingering import Lingering
from holdfast.serve.protocol.porter import Porter
from holdfast.service.refusal import DRAIN_BYTES, reads_over
from holdfast.telemetry.refusals import Stage

__all__ = ["Guarded"]


class Guarded(Conversation):
    """A connection to a held app."""

    def __init__(
        self,
        porter: Porter,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(porter, config, server_state, app_state, loop)
        self._now = 0.0
        self._longest_head = porter.door.limits.header_bytes
        self._head_bytes = 0
        self._weigh = False
        self._answer = b""
        self._last_words = b""

    # What the transport calls.

    def data_received(self, data: bytes) -> None:
        """Refuse, if that can be done without the server's parser; else parse."""
        now = self._now = monotonic()
        if self.quiet:
            if not self._door.calm() and not self.flow.write_paused:
                known = self.porter.know(data)
                if known is not None and (refused := known.refuses(now, known.priority)) is not None:
                    known.counts[refused.reason] += 1
                    self.since = now
                    self.transport.write(next(known.answers))
                    return
            self.quiet = False
        if self.deaf:
            self.taken += len(data)
            if self.taken > DRAIN_BYTES:
                self.transport.close()
            return
        if self.heading:
            # Not counted from the first byte on: the read in which a head begins may end another message.
            self._head_bytes += len(data)
            self._weigh = True
        elif len(data) > self._longest_head:
            self._weigh = True
        super().data_received(data)
        if self._answer:
            self._speak()
        if not self._between and self._in_body() and self.busy():
            self.cycle.transport = Lingering(self)  # type: ignore[assignment]  # all that a cycle uses of it
        if self.heading and self._head_bytes > self._longest_head:
            self._refuse_head()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._between = self.quiet = False
        self.heading = True
        self._head_bytes = 0
        if self.cycle is None or self.cycle.response_complete:
            self.since = self._now

    def on_headers_complete(self) -> None:
        """Refuse by class, or let Uvicorn begin the request."""
        self.heading = False
        self.since = self._now
        self.taken = 0
        if self.deaf or self.transport.is_closing():
            self.unwanted = True  # what came behind the last request of this connection
            return
        if self._weigh:
            self._weigh = False
            if self._head_size() > self._longest_head and self._refuse_head():
                return
        if not self._door.calm() and self._refused():
            return
        if not self.busy():
            self._door.expect()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a part of a body on, or drop it."""
        self.taken += len(body)
        if self._answer:
            self._speak()
        if not self.unwanted:
            super().on_body(body)
        elif self.lingering and self.taken > DRAIN_BYTES:
            self.transport.close()

    def on_message_complete(self) -> None:
        """End a request; its answer may have been sent or not."""
        self._between = True
        if self.parser.should_upgrade():
            self._upgraded = True  # what the parser makes of the bytes from here on is its own affair
        if self.deaf:
            return
        if self.unwanted:
            self._speak()
            self.unwanted = self.lingering = False
            if self.ending:
                self.transport.close()
            self._settle()
            return
        super().on_message_complete()
        if self.cycle is not None and self.cycle.response_complete:
            self._settle()

    # What the cycle and the server call.

    def on_response_complete(self) -> None:
        """Go on with the next request, if one waits. As Uvicorn's, with no timer."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if not self._between and self._in_body() and not (self.unwanted or self.busy()):
            # As Uvicorn the connection goes on, but not behind a body without end.
            over = reads_over(self.parser.get_http_version(), self.headers)
            self._drop(lingering=not over, ending=False)
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self._last_words:
            self._end(self._last_words)
        else:
            self._settle()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed; in its turn, behind the answer to what could."""
        self._answer = b""  # the parser may still object to a request when its head is complete
        queued = bool(self.pipeline) and self.pipeline[0][0] is self.cycle
        if queued and self.cycle.more_body:
            self.pipeline.popleft()  # it is this one that is wrong; those before it are not
        if queued or (self.busy() and not self.cycle.more_body and self.cycle.keep_alive):
            self.deaf = True
            self._last_words = self.porter.words(400, msg)
        else:
            super().send_400_response(msg)

    # Ours.

    def _refused(self) -> bool:
        """Refuse the request whose head is complete, by its class; False: it is let through to the app."""
        parser = self.parser
        # Answers go out in order: behind one that is not complete, the app's door refuses in its turn.
        if self.busy() or self.flow.write_paused or parser.should_upgrade():
            return False
        method = parser.get_method()
        if self._door.answers.cors and method == b"OPTIONS":
            return False  # a preflight is answered by the CORS middleware, whatever the load
        # As Uvicorn does it: what it cannot take is answered 400, here too.
        path = httptools.parse_url(self.url).path.decode("ascii")
        if "%" in path:
            path = urllib.parse.unquote(path)
        scope: Any = self.scope
        scope["method"], scope["path"] = method.decode("ascii"), self.root_path + path
        found = self._door.refuses(self._now, scope)
        if found is None:
            return False
        self._refuse(found[0], found[1], head=method == b"HEAD")
        return True

    def _refuse(self, refused: Refused, priority: int, *, head: bool) -> None:
        version = self.parser.get_http_version()
        keep = version != "1.0" and self.parser.should_keep_alive()
        over = reads_over(version, self.headers)
        answer, keep = self.porter.answer(self.headers, head=head, keep=keep and over)
        self._door.later[refused.reason, Stage.HEADERS, priority] += 1
        self._answer = answer
        self._drop(lingering=not keep, ending=not keep)

    def _speak(self) -> None:
        """Send the refusal, once."""
        answer, self._answer = self._answer, b""
        if answer:
            self.transport.write(answer)

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _refuse_head(self) -> bool:
        """Answer 431, in its turn, and read nothing more. False: it only observes, told once a connection."""
        if not self._door.connection.acts("refuse", "header_bytes"):
            self._longest_head = sys.maxsize
            return False
        self.deaf = True
        self.heading = False
        words = self.porter.words(431, "The head of the request is too large.")
        if self.busy():
            self._last_words = words
        else:
            self.transport.write(words)
            self._drop(lingering=True, ending=True)
        return True
