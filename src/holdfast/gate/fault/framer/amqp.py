"""RabbitMQ's calls: the frames of AMQP 0-9-1 (its specification, 2.3 and 4.2).

A call is a method of a channel that asks for something or publishes: not the opening and closing of
connections and channels, and not acknowledgements. What is refused is answered with `connection.close`,
code 320, as by a broker whose operator shuts it down; the connection is of no use from then on.
"""

from __future__ import annotations

__all__ = ["AmqpFramer"]

_HEADER = b"AMQP\x00\x00\x09\x01"
_METHOD, _END = 1, 0xCE
_HEAD = 7  # type, channel, size
_CONNECTION, _CHANNEL, _BASIC = 10, 20, 60
_SETTLING = frozenset({80, 90, 120})  # basic.ack, basic.reject, basic.nack


def _closing() -> bytes:
    text = b"CONNECTION_FORCED - injected"
    method = (10).to_bytes(2, "big") + (50).to_bytes(2, "big")
    payload = method + (320).to_bytes(2, "big") + bytes([len(text)]) + text + bytes(4)
    return bytes([_METHOD, 0, 0]) + len(payload).to_bytes(4, "big") + payload + bytes([_END])


_REFUSAL = _closing()


class AmqpFramer:
    """Counts the calls of one connection, each when its method is named."""

    __slots__ = ("_buffer", "_greeted", "_refused", "_skip", "lost")

    def __init__(self) -> None:
        self._buffer = b""  # the beginning of a frame
        self._skip = 0  # bytes of the frame that are still to come, its end included
        self._greeted = False
        self._refused = False
        self.lost = False

    def feed(self, data: bytes) -> int:
        """Return how many calls begin in `data`."""
        if self._buffer:
            data = self._buffer + data
        begun = at = 0
        while at < len(data) and not self.lost:
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                self.lost = not self._skip and data[at - 1] != _END
                continue
            if not self._greeted:
                if len(data) - at < len(_HEADER):
                    break
                self.lost = data[at : at + len(_HEADER)] != _HEADER
                self._greeted = True
                at += len(_HEADER)
                continue
            size = int.from_bytes(data[at + 3 : at + _HEAD], "big")
            wanted = _HEAD + (4 if data[at] == _METHOD else 0)
            if len(data) - at < wanted:
                break
            begun += data[at] == _METHOD and _is_call(data[at + _HEAD : at + wanted])
            self._skip = _HEAD + size + 1 - wanted
            self.lost = self._skip <= 0
            at += wanted
        self._buffer = data[at:] if not self.lost else b""
        return begun

    @property
    def between(self) -> bool:
        """Whether no frame is half said; never again once the connection was refused."""
        return not self._refused and not self._skip and not self._buffer

    def refusal(self, said: bytes) -> bytes:
        """Return the closing of the connection, once."""
        answer = b"" if self._refused else _REFUSAL
        self._refused = True
        return answer


def _is_call(method: bytes) -> bool:
    kind, number = int.from_bytes(method[:2], "big"), int.from_bytes(method[2:], "big")
    return kind not in (_CONNECTION, _CHANNEL) and not (kind == _BASIC and number in _SETTLING)
