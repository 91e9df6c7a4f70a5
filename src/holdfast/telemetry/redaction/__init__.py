"""Takes secrets out of what is logged and traced: by the key they stand under, and by what they look like."""

from __future__ import annotations

from holdfast.telemetry.redaction.redactor import REDACTED, Redactor

__all__ = ["REDACTED", "Redactor"]
