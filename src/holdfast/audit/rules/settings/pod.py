"""Containers of Kubernetes, and the manifest that the examples of their rules begin with."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.settings.form import Container, Workload
from holdfast.audit.whole import Whole

__all__ = ["POD", "containers"]

POD = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  template:
    spec:
      containers:
        - name: shop
          image: shop:1.0
"""
"""Ends within the container: an example goes on with its keys."""


def containers(whole: Whole) -> Iterator[tuple[Workload, Container]]:
    """Yield each container of the project's manifests with what runs it."""
    for workload in whole.settings.workloads:
        for container in workload.containers:
            yield workload, container
