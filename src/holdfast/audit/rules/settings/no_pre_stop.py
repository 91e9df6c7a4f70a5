"""HF971: a pod stops listening before everybody knows that it goes."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.pod import POD, containers, sure
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_STOPS_AT_ONCE = frozenset({"uvicorn", "gunicorn", "hypercorn", "granian", "fastapi"})
"""Servers that close their socket when SIGTERM comes."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each serving container without a preStop hook, unless its server waits itself."""
    for workload, container in containers(whole):
        server = container.command.server if container.command is not None else ""
        if container.serves and not container.stops and server in ("", *_STOPS_AT_ONCE):
            yield stated(
                RULE,
                (workload.file, container.line),
                f"the container {container.name or workload.name} has no preStop hook: its server stops "
                "listening while requests are still sent to it",
                "Add `lifecycle: {preStop: {sleep: {seconds: 5}}}`, and as much to the grace period",
                severity=Severity.LOW,
                # Who answers SIGTERM late by itself does not need one, and an image's command may do so.
                confidence=sure(workload, container, Confidence.MEDIUM if server else Confidence.LOW),
            )


_POD = f"""{POD}          command: [uvicorn, main:app]
          ports:
            - containerPort: 8000
"""

RULE = Rule(
    code="HF971",
    name="no-pre-stop",
    what="A serving container of Kubernetes has no preStop hook.",
    why=(
        "SIGTERM and the news that the pod goes set out at the same time. Until every proxy has heard, "
        "seconds later, requests are sent to a socket that is closed: each deployment is a burst of 502."
    ),
    limits="Low confidence where the manifest names no command: the image's server may wait by itself.",
    bad=_POD,
    good=_POD
    + """          lifecycle:
            preStop:
              sleep: {seconds: 5}
""",
    find=find,
    file="deployment.yaml",
)
