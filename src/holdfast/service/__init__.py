"""What stands around the app: the gatekeeper, errors, health, the lifespan; `Holdfast` wires them."""

from __future__ import annotations

from holdfast.service.gatekeeper.identity import request_id
from holdfast.service.holdfast import Holdfast

__all__ = ["Holdfast", "request_id"]
