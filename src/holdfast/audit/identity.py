"""What a finding stays when lines move: its rule, its file, its function and its sink."""

from __future__ import annotations

import hashlib
import os
from dataclasses import astuple, dataclass

from holdfast.audit.finding import Finding
from holdfast.audit.sources import Sources

__all__ = ["Identity", "identity"]


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """Several findings may share one: two calls of `time.sleep` in one function."""

    rule: str
    file: str
    function: str
    sink: str

    @property
    def fingerprint(self) -> str:
        """It as 32 hexadecimal digits."""
        return hashlib.blake2b(os.fsencode("\n".join(astuple(self))), digest_size=16).hexdigest()


def identity(finding: Finding, sources: Sources) -> Identity:
    """Return what `finding` stays. Where its chain names no call, the words of its line are the sink."""
    words = " ".join(sources.line(finding.file, finding.line).split())
    return Identity(finding.rule, finding.file, finding.function, finding.sink or words)
