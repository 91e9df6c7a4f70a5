"""Missing indexes, from the plans of the slow statements that were seen.

`postgres`, `mysql` and `sqlite` read a plan (pure), `advice` says what index is missing, `explainer` asks for
plans beside the requests.
"""

from __future__ import annotations

from holdfast.client.sql.plans.advice import Advice
from holdfast.client.sql.plans.explainer import Explainer

__all__ = ["Advice", "Explainer"]
