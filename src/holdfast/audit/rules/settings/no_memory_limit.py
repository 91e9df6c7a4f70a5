"""HF967: a container of Kubernetes may take all the memory of its machine."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.pod import POD, containers, sure
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.whole import Whole

__all__ = ["RULE"]


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each container without a limit of its memory."""
    for workload, container in containers(whole):
        if not container.memory:
            yield stated(
                RULE,
                (workload.file, container.line),
                f"nothing limits the memory of the container {container.name or workload.name}",
                "Set resources.requests.memory and resources.limits.memory to what it takes under load",
                severity=Severity.MEDIUM,
                confidence=sure(workload, container, Confidence.MEDIUM),
            )


RULE = Rule(
    code="HF967",
    name="no-memory-limit",
    what="A container of Kubernetes has no limit of its memory.",
    why=(
        "Without a limit a leak, or one large request, takes the machine's memory: the kernel then ends "
        "whichever process it likes, and the kubelet evicts neighbours that did nothing wrong."
    ),
    limits=(
        "Reads plain manifests; templates of Helm are none, and a LimitRange of the namespace is not seen. "
        "Low confidence for images of others (databases, proxies), for parts of Kustomize, and for "
        "development."
    ),
    bad=POD,
    good=POD
    + """          resources:
            requests: {cpu: 500m, memory: 512Mi}
            limits: {memory: 512Mi}
""",
    find=find,
    file="deployment.yaml",
)
