"""The number: how many may be inside. One protocol, a file each for what decides it."""

from __future__ import annotations

from holdfast.policy.admission.limit.adaptive import Adaptive
from holdfast.policy.admission.limit.aimd import Aimd
from holdfast.policy.admission.limit.bounds import Bounds
from holdfast.policy.admission.limit.fixed import Fixed
from holdfast.policy.admission.limit.gradient import Gradient
from holdfast.policy.admission.limit.protocol import Limit
from holdfast.policy.admission.limit.vegas import Vegas

__all__ = ["Adaptive", "Aimd", "Bounds", "Fixed", "Gradient", "Limit", "Vegas"]
