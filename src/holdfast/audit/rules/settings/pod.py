"""Containers of Kubernetes, and the manifest that the examples of their rules begin with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.audit.finding import Confidence
from holdfast.audit.settings.form import Container, Workload
from holdfast.audit.whole import Whole

__all__ = ["POD", "containers", "sure"]

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

_OTHERS = re.compile(
    r"postgres|postgis|pgvector|pgadmin|pgbouncer|mysql|mariadb|mongo|redis|valkey|dragonfly|memcached|rabbitmq|kafka|"
    r"zookeeper|nats|elasticsearch|opensearch|kibana|logstash|clickhouse|cassandra|minio|seaweed|qdrant|weaviate|milvus|"
    r"neo4j|etcd|consul|vault|keycloak|nginx|traefik|haproxy|envoy|caddy|grafana|prometheus|loki|jaeger|tempo|otel|"
    r"opentelemetry|nvidia|device-plugin|gateway|exporter|operator|controller|sidecar|proxy|fluent|vector|temporal|airflow|hatchet|adminer|busybox|alpine|ollama|vllm|unstructured|cloudflared",
    re.IGNORECASE,
)
"""In the names of images that are not the service's own: they have their makers' advice."""
_FOR_DEVELOPMENT = re.compile(r"(^|[-_./])(dev|devel|development|local|minikube|kind|test|e2e|ci)([-_./]|$)")


def containers(whole: Whole) -> Iterator[tuple[Workload, Container]]:
    """Yield each container of the project's manifests with what runs it."""
    for workload in whole.settings.workloads:
        for container in workload.containers:
            yield workload, container


def sure(workload: Workload, container: Container, most: Confidence) -> Confidence:
    """Return `most`; low confidence for a container of somebody else's image, for what Kustomize lays others
    over, and for what is named after development."""
    others = _OTHERS.search(container.image or container.name) is not None
    doubtful = others or workload.partial or _FOR_DEVELOPMENT.search(workload.file) is not None
    return Confidence.LOW if doubtful else most
