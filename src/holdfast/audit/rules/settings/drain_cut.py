"""HF970: a pod is killed before its drain is over."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Finding, Severity
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.pod import POD, containers
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.settings.command import Command
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_GRACEFUL = {
    "uvicorn": "timeout-graceful-shutdown",
    "gunicorn": "graceful-timeout",
    "hypercorn": "graceful-timeout",
    "granian": "workers-kill-timeout",
}
"""Each server's option for the seconds that requests have to end."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each container that needs longer to end than its pod grants."""
    built = [
        one.command for one in whole.settings.launches if one.origin == "Dockerfile" and not one.development
    ]
    for workload, container in containers(whole):
        command = container.command or (built[0] if len(built) == 1 and container.serves else None)
        drain = _drain(command) if command is not None else None
        needs = container.pauses + (drain or 0.0)
        if needs >= workload.grace > 0 and needs > 0:
            parts = [f"{container.pauses:g} s in preStop"] if container.pauses else []
            parts += [f"{drain:g} s of drain"] if drain else []
            yield stated(
                RULE,
                (workload.file, workload.grace_line or container.line),
                f"the pod is killed after {workload.grace:g} s, and needs {' and '.join(parts)}",
                f"Set terminationGracePeriodSeconds above {needs:g}, such as {needs + 5:g}",
                severity=Severity.MEDIUM,
            )


def _drain(command: Command) -> float | None:
    option = _GRACEFUL.get(command.server, "")
    return command.number(option) if option else None


_POD = f"""{POD}          command: [uvicorn, main:app, --timeout-graceful-shutdown, "25"]
          lifecycle:
            preStop:
              sleep: {{seconds: 10}}
      terminationGracePeriodSeconds: GRACE
"""

RULE = Rule(
    code="HF970",
    name="drain-cut-short",
    what="A pod's grace period is shorter than what its preStop hook and its server's drain take.",
    why=(
        "The grace period runs from the moment the pod is told to end, the preStop hook included. When it "
        "is over the kernel kills the process, with the requests that it still has."
    ),
    limits="Only numbers that are written: in the manifest, and as options of its command or the image's.",
    bad=_POD.replace("GRACE", "30"),
    good=_POD.replace("GRACE", "40"),
    find=find,
    file="deployment.yaml",
)
