"""Takes secrets out of texts, and out of data by the names that values stand under."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from holdfast.telemetry.redaction.keys import Keys
from holdfast.telemetry.redaction.patterns import REDACTED, patterns

__all__ = ["REDACTED", "Redactor"]

_DEEPEST = 8
_TOO_DEEP = "[too deep]"


class Redactor:
    """`more`: names of secrets besides those that are known, such as "iban"; their spelling does not matter.

    >>> redactor = Redactor()
    >>> redactor.text("GET /login?user=ada&password=hunter2")
    'GET /login?user=ada&password=[redacted]'
    >>> redactor.data({"user": "ada", "apiKey": "abc"})
    {'user': 'ada', 'apiKey': '[redacted]'}
    """

    __slots__ = ("_keys", "_patterns")

    def __init__(self, more: Iterable[str] = ()) -> None:
        self._keys = Keys(more)
        self._patterns = patterns(self._keys.ends)

    def text(self, text: str) -> str:
        """Return `text` without secrets; in time linear in its length."""
        lowered = text.lower()
        for pattern in self._patterns:
            if not pattern.needs or any(literal in lowered for literal in pattern.needs):
                text = pattern.search.sub(pattern.replace, text)
        return text

    def data(self, value: Any, depth: int = 0) -> Any:
        """Return a copy of JSON-like `value` without secrets; a tuple of two is a name and its value."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            if depth >= _DEEPEST:
                return _TOO_DEEP
            return {self._name(name): self._under(name, each, depth) for name, each in value.items()}
        if isinstance(value, (list, tuple)):
            if depth >= _DEEPEST:
                return _TOO_DEEP
            if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
                return [self._name(value[0]), self._under(value[0], value[1], depth)]
            return [self.data(each, depth + 1) for each in value]
        return value

    def _name(self, name: Any) -> Any:
        return self.text(name) if isinstance(name, str) else name

    def _under(self, name: Any, value: Any, depth: int) -> Any:
        secret = isinstance(name, str) and self._keys.secret(name)
        if not secret or value is None or isinstance(value, bool) or value == "":
            return self.data(value, depth + 1)
        # "tokens": 1200 is how many a model has read.
        return value if isinstance(value, (int, float)) and name.lower().endswith("tokens") else REDACTED
