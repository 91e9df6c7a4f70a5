"""Any coroutine under a dependency's policies: by decorator, by call, or as a block."""

from __future__ import annotations

from holdfast.client.coroutine.dependency import CoroutineDependency
from holdfast.client.coroutine.fallback import ValueFallback
from holdfast.client.coroutine.state import CoroutineState

__all__ = ["CoroutineDependency", "CoroutineState", "ValueFallback"]
