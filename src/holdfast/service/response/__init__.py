"""HTTP caching: what is said of responses, who has them already, and which of them are kept here."""

from __future__ import annotations

from holdfast.service.response.preconditions import Preconditions
from holdfast.service.response.purging import OnPurge
from holdfast.service.response.responses import Told

__all__ = ["OnPurge", "Preconditions", "Told"]
