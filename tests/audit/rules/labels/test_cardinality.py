"""Which labels are told to have too many values."""

from __future__ import annotations

import pytest

from holdfast.audit.rules.labels.cardinality import RULE
from tests.audit.project import told

HEAD = """
import collections
from prometheus_client import Counter, Histogram
from fastapi import FastAPI, Request
app = FastAPI()
"""
LABELLED = "seen = Counter('a', 'A.', ['path'])\n@app.get('/x')\ndef x(request: Request): "


@pytest.mark.parametrize(
    "text",
    [
        "seen = Counter('a', 'A.', ['method', 'user_id'])",
        "seen = Histogram('a', 'A.', labelnames=('email',))",
        LABELLED + "seen.labels(request.url.path).inc()",
        LABELLED + "seen.labels(path=str(request.url)).inc()",
        LABELLED + "\n    path = request.url.path\n    seen.labels(path).inc()",
    ],
)
def test_many_values(text: str) -> None:
    assert len(told(RULE, HEAD + text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "seen = Counter('a', 'A.', ['method', 'status'])",
        "seen = collections.Counter('a', 'A.', ['user_id'])",
        LABELLED + "seen.labels(request.scope['route'].path).inc()",
        LABELLED + "seen.labels('x').inc()",
        LABELLED + "log.labels(request.url.path)",
        "seen = Counter('a', 'A.', ['user_id'])\ndef told(): seen.clear()",
        LABELLED + "for pod in pods: seen.labels(pod.url).inc()",
    ],
)
def test_few_values(text: str) -> None:
    assert told(RULE, HEAD + text) == []
