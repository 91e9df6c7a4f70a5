"""The one pass around every request: identity, admission, deadline, measurement."""

from __future__ import annotations

from holdfast.service.gatekeeper.gatekeeper import Gatekeeper

__all__ = ["Gatekeeper"]
