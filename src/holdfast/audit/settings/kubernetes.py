"""Kubernetes manifests: what runs there, with its probes, its limits, and the time that it has to end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.audit.settings.command import Command, of_words
from holdfast.audit.settings.form import Container, Probe, Workload
from holdfast.audit.settings.yaml import Node

__all__ = ["workloads"]

_KINDS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})
"""Workloads whose containers run until they are told to end."""


def workloads(file: str, document: Node) -> Iterator[Workload]:
    """Yield the workloads of a document; a List has several."""
    kind = document["kind"].text
    if kind == "List":
        for one in document["items"]:
            yield from workloads(file, one)
    if kind not in _KINDS or not document["apiVersion"]:
        return
    pod = document["spec"]["template"]["spec"]
    grace = pod["terminationGracePeriodSeconds"]
    seconds = grace.number
    yield Workload(
        file=file,
        kind=kind,
        name=document["metadata"]["name"].text,
        line=document["kind"].line,
        containers=tuple(_container(one) for one in pod["containers"]),
        grace=seconds if seconds is not None else 30.0,
        grace_line=grace.line,
    )


def _container(node: Node) -> Container:
    stop = node["lifecycle"]["preStop"]
    return Container(
        name=node["name"].text,
        line=node["name"].line or node.line,
        serves=any(True for _ in node["ports"]),
        memory=node["resources"]["limits"]["memory"].text,
        readiness=_probe(node["readinessProbe"]),
        liveness=_probe(node["livenessProbe"]),
        stops=bool(stop),
        pauses=_pause(stop),
        command=_command(node),
        image=node["image"].text,
    )


def _probe(node: Node) -> Probe | None:
    return Probe(node.line, node["httpGet"]["path"].text) if node else None


def _pause(stop: Node) -> float:
    """Return the seconds that a preStop hook sleeps, as far as it says."""
    seconds = stop["sleep"]["seconds"].number
    if seconds is not None:
        return seconds
    found = re.search(r"\bsleep\s+(\d+(?:\.\d+)?)", " ".join(stop["exec"]["command"].words))
    return float(found[1]) if found is not None else 0.0


def _command(node: Node) -> Command | None:
    words = (*node["command"].words, *node["args"].words)
    return of_words(words) if words else None
