"""Redis commands: arrays of bulk strings (redis.io, "Redis serialization protocol specification").

What sets a connection up (HELLO, AUTH, CLIENT, SELECT) is no call: every new connection says it, and a count
of calls is for what the service wanted. Inline commands, as a person types them, are understood too.
"""

from __future__ import annotations

__all__ = ["RespFramer"]

_SETTING_UP = frozenset({b"HELLO", b"AUTH", b"CLIENT", b"SELECT"})

_LONGEST_LINE = 1 << 16
_LONGEST_NAME = 64
_LARGEST_PART = 512 << 20
"""Beyond these it is no Redis command, or none that Redis would take."""

_REFUSAL = b"-ERR injected: this command failed\r\n"


class RespFramer:
    """Counts the commands of one connection, each when its name is there."""

    __slots__ = ("_buffer", "_ended", "_missing", "_named", "_skip", "lost")

    def __init__(self) -> None:
        self._buffer = b""  # a line, or a command's name, of which the end is missing
        self._missing = 0  # parts of the command that are still to come
        self._named = False  # the first of them was there
        self._skip = 0  # bytes of a part that are still to come, its line end included
        self._ended = 0
        self.lost = False

    def feed(self, data: bytes) -> int:
        """Return how many commands begin in `data`; setting up does not count."""
        self._ended = begun = at = 0
        if self._buffer:
            data = self._buffer + data
        while at < len(data) and not self.lost:
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                if not self._skip:
                    self._missing -= 1
                    self._ended += not self._missing
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                self.lost = len(data) - at > _LONGEST_LINE
                break
            line, body = data[at:end], end + 2
            if not self._missing:
                begun += self._open(line)
            else:
                length = self._number(line, b"$", _LARGEST_PART if self._named else _LONGEST_NAME)
                if not self._named:
                    if len(data) < body + length:
                        break
                    begun += data[body : body + length].upper() not in _SETTING_UP
                    self._named = True
                self._skip = length + 2
            at = body
        self._buffer = data[at:] if not self.lost else b""
        return begun

    @property
    def between(self) -> bool:
        """Whether no command is half said."""
        return not self._missing and not self._buffer

    def refusal(self, said: bytes) -> bytes:
        """Return an error for each command that ended."""
        return _REFUSAL * self._ended

    def _open(self, line: bytes) -> bool:
        """Begin a command; whether it is one that counts and is known already, which an inline one is."""
        if line.startswith(b"*"):
            self._missing = self._number(line, b"*", 1 << 20)
            self._named = False
            return False
        name = line.split(b" ", 1)[0].upper()
        self._ended += bool(name)
        return bool(name) and name not in _SETTING_UP

    def _number(self, line: bytes, mark: bytes, most: int) -> int:
        digits = line[1:]
        if not line.startswith(mark) or not digits.isdigit() or int(digits) > most:
            self.lost = True
            return 0
        return int(digits)
