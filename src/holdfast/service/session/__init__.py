"""Sessions: what is known of a caller lies in a cache, and he holds a ticket for it."""

from __future__ import annotations

from holdfast.service.session.layer import Layer
from holdfast.service.session.session import Session
from holdfast.service.session.sessions import Sessions

__all__ = ["Layer", "Session", "Sessions"]
