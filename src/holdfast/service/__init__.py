"""What stands around the app: the gatekeeper, errors, health, the lifespan; `Holdfast` wires them."""

from __future__ import annotations

from holdfast.service.holdfast import Holdfast
from holdfast.service.identity import request_id

__all__ = ["Holdfast", "request_id"]
