"""What the evidence says about a finding of the document, in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["evidence"]


def evidence(finding: Mapping[str, Any]) -> str:
    """Return as "confirmed: 3 stalls, ..."; "" where there is no evidence, or it says nothing."""
    proof = finding["evidence"]
    return f"{proof['status']}: {proof['says']}" if proof is not None and proof["status"] != "unknown" else ""
