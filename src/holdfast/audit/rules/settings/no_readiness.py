"""HF968: traffic comes before the service can take it."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.pod import POD, containers, sure
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.whole import Whole

__all__ = ["RULE"]


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each serving container without a readiness probe."""
    for workload, container in containers(whole):
        if container.serves and container.readiness is None:
            yield stated(
                RULE,
                (workload.file, container.line),
                f"the container {container.name or workload.name} has no readinessProbe: it gets traffic "
                "as soon as its process runs",
                "Add a readinessProbe that asks the service itself whether it has started",
                severity=Severity.MEDIUM,
                confidence=sure(workload, container, Confidence.HIGH),
            )


_POD = f"""{POD}          ports:
            - containerPort: 8000
"""

RULE = Rule(
    code="HF968",
    name="no-readiness-probe",
    what="A container of Kubernetes that declares ports has no readiness probe.",
    why=(
        "Without it a pod counts as ready when its process exists. Requests arrive while the app still "
        "imports and connects, and a rollout goes on, and takes the old pods away, before a new one answers."
    ),
    limits=(
        "Reads plain manifests; templates of Helm are none, and overlays of Kustomize are not applied. Low "
        "confidence for images of others, for parts of Kustomize, and for development."
    ),
    bad=_POD,
    good=_POD
    + """          readinessProbe:
            httpGet: {path: /ready, port: 8000}
""",
    find=find,
    file="deployment.yaml",
)
