"""Idempotency keys on the app's routes: `hold.idempotent(...)`, and [idempotency] of the budget."""

from __future__ import annotations

from holdfast.service.idempotency.idempotent import Idempotent
from holdfast.service.idempotency.keyring import Keyring

__all__ = ["Idempotent", "Keyring"]
