"""A FastAPI service that holds its SLO under load and failure - and the proof.

from holdfast import Holdfast

hold = Holdfast(app)
"""

from __future__ import annotations

from holdfast import errors
from holdfast.budget import Budget
from holdfast.policy.deadline import remaining
from holdfast.service import Holdfast, request_id
from holdfast.version import __version__

__all__ = ["Budget", "Holdfast", "__version__", "errors", "remaining", "request_id"]
