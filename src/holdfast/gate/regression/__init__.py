"""Two builds side by side: is the new one slower than the old one by more than the budget grants?"""

from __future__ import annotations

from holdfast.gate.regression.build import build_at, require_own_code
from holdfast.gate.regression.conduct import Options, run
from holdfast.gate.regression.result import RegressionResult

__all__ = ["Options", "RegressionResult", "build_at", "require_own_code", "run"]
