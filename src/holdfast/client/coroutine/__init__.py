"""Any function under a dependency's policies: by decorator, by call, or as a block.

Coroutines as they are; functions that block in their thread, see `holdfast.client.threads`.
"""

from __future__ import annotations

from holdfast.client.coroutine.dependency import CoroutineDependency
from holdfast.client.coroutine.fallback import ValueFallback

__all__ = ["CoroutineDependency", "ValueFallback"]
