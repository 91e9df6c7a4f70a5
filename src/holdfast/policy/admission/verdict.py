"""Whether one who finds no room is refused, by how things stand at the gate."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.policy.admission.config import AdmissionConfig
from holdfast.policy.admission.line import Line
from holdfast.policy.admission.overload import Overload
from holdfast.policy.admission.priority import LEVELS, Class
from holdfast.policy.admission.share import Share
from holdfast.policy.admission.shutter import Shutter

__all__ = ["Refused", "Verdict"]


@dataclass(frozen=True, slots=True)
class Refused:
    """No entry; `reason` as in `errors.Shed`, `retry_after` in seconds."""

    reason: str
    retry_after: float


class Verdict:
    """Asks the gate's parts. What may be answered is made in advance: `full`, `low`, `late`; and for those
    who waited `waited` and `displaced`.
    """

    __slots__ = ("_line", "_overload", "_share", "_shutter", "displaced", "full", "late", "low", "waited")

    def __init__(
        self, config: AdmissionConfig, line: Line, shutter: Shutter, overload: Overload, share: Share
    ) -> None:
        self._line, self._shutter, self._overload, self._share = line, shutter, overload, share
        self.full, self.waited, self.late, self.low, self.displaced = (
            Refused(reason, config.retry_after)
            for reason in ("full", "waited", "late", "priority", "displaced")
        )

    def on(self, priority: int, *, waiting: int | None, inside: int, limit: int) -> Refused | None:
        """Return the refusal; None: he enters, or waits.

        `waiting`: how many do already, None where there is room and nobody does. `inside`: of `limit` places.
        """
        kind = priority // LEVELS
        if priority < self._share.bar:
            return self.low
        if self._shutter.closed:
            # The most important may pass a closed door as long as there is room behind it.
            return None if kind >= Class.CRITICAL and inside < limit else self.late
        if waiting is None:
            return None
        places = self._overload.first if kind >= Class.CRITICAL else self._overload.places
        return self.full if waiting >= places and not self._line.below(kind) else None
