"""HF969: a liveness probe asks a route that asks a dependency."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Finding, Severity, Step
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.pod import POD, containers
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.whole import Whole

__all__ = ["RULE"]


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each liveness probe whose route asks a database or another service."""
    probes = [
        (workload.file, container.liveness)
        for workload, container in containers(whole)
        if container.liveness is not None and container.liveness.path
    ]
    for file, probe in probes:
        path = probe.path.partition("?")[0].rstrip("/")
        # A route may be mounted below a prefix: the nearest thing to it ends alike.
        for root in whole.roots:
            verb, _, route = root.name.partition(" ")
            same = verb == "GET" and len(route) > 1 and path.endswith(route.rstrip("/"))
            asked = _asked(whole, root.function) if root.kind == "route" and same else None
            if asked is not None:
                yield _finding(file, probe.line, path, root.name, asked)
                break


def _asked(whole: Whole, start: FunctionKey) -> Step | None:
    """Return the nearest query or call of another service that a route makes."""
    seen, queue = {start}, [start]
    for key in queue:
        for edge in whole.reach.edges.get(key, ()):
            if edge.query or edge.remote:
                return whole.step(key, edge.site.line, edge.query or edge.remote)
            if edge.callee is not None and edge.callee not in seen:
                seen.add(edge.callee)
                queue.append(edge.callee)
    return None


def _finding(file: str, line: int, path: str, route: str, asked: Step) -> Finding:
    return stated(
        RULE,
        (file, line),
        f"the liveness probe {path} asks {asked.calls} ({asked.file}:{asked.line}, by {route}): when that is "
        "slow, every pod is restarted",
        "Let liveness ask only whether the process answers, and readiness what it needs",
        severity=Severity.HIGH,
    )


_POD = f"""{POD}          livenessProbe:
            httpGet: {{path: /PROBE, port: 8000}}
# file: main.py
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

app = FastAPI()

@app.get("/alive")
async def alive():
    return {{}}

@app.get("/health")
async def health(session: AsyncSession):
    await session.execute(text("select 1"))
"""

RULE = Rule(
    code="HF969",
    name="liveness-asks-dependency",
    what="A liveness probe asks a route that asks a database or another service.",
    why=(
        "A failing liveness probe restarts the pod. When the database is slow, all pods fail together and "
        "are restarted together: no restart mends a database, and the service is gone where it was degraded."
    ),
    limits="Probes by HTTP in plain manifests, whose path is that of a route of this program.",
    bad=_POD.replace("PROBE", "health"),
    good=_POD.replace("PROBE", "alive"),
    find=find,
    file="deployment.yaml",
)
