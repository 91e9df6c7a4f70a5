"""HF964: all workers restart after the same number of requests, and so at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Finding, Severity
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.gunicorn import settings
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.whole import Whole

__all__ = ["RULE"]


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each configuration of Gunicorn with `max_requests` and without its jitter."""
    for each in settings(whole):
        limit, jitter = each.values.get("max_requests"), each.values.get("max_requests_jitter", 0)
        alone = each.values.get("workers") == 1
        if isinstance(limit, int | float) and limit > 0 and jitter == 0 and not alone:
            yield stated(
                RULE,
                each.place("max_requests"),
                f"all workers restart after {limit:.0f} requests each, and so at about the same time",
                f"Set max_requests_jitter, such as {max(limit // 10, 1):.0f}",
                severity=Severity.LOW,
            )


RULE = Rule(
    code="HF964",
    name="restart-without-jitter",
    what="Gunicorn's workers restart after a number of requests that is the same for all.",
    why=(
        "Load is spread evenly, so that the workers reach the number together. While they start again, "
        "seconds in many apps, the service has a fraction of its capacity or none."
    ),
    limits="A value that is computed, or that the environment gives, is not seen.",
    bad="""
workers = 4
worker_class = "uvicorn_worker.UvicornWorker"
max_requests = 1000
""",
    good="""
workers = 4
worker_class = "uvicorn_worker.UvicornWorker"
max_requests = 1000
max_requests_jitter = 100
""",
    find=find,
    file="gunicorn.conf.py",
)
