"""The public documents that usual targets and defaults are taken from."""

from __future__ import annotations

from holdfast.budget.metadata import Reference

SRE_RISK = Reference("Google SRE Book, Embracing Risk", "https://sre.google/sre-book/embracing-risk/")
SRE_NINES = Reference(
    "Google SRE Book, Availability Table", "https://sre.google/sre-book/availability-table/"
)
SRE_SLO = Reference(
    "Google SRE Book, Service Level Objectives", "https://sre.google/sre-book/service-level-objectives/"
)
SRE_OVERLOAD = Reference(
    "Google SRE Book, Handling Overload", "https://sre.google/sre-book/handling-overload/"
)
SRE_CASCADING = Reference(
    "Google SRE Book, Addressing Cascading Failures",
    "https://sre.google/sre-book/addressing-cascading-failures/",
)
WORKBOOK_SLO = Reference(
    "Google SRE Workbook, Implementing SLOs", "https://sre.google/workbook/implementing-slos/"
)
WORKBOOK_ALERTS = Reference(
    "Google SRE Workbook, Alerting on SLOs", "https://sre.google/workbook/alerting-on-slos/"
)
AWS_TIMEOUTS = Reference(
    "Amazon Builders' Library, Timeouts, retries, and backoff with jitter",
    "https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/",
)
AWS_SHEDDING = Reference(
    "Amazon Builders' Library, Using load shedding to avoid overload",
    "https://aws.amazon.com/builders-library/using-load-shedding-to-avoid-overload/",
)
AWS_FALLBACK = Reference(
    "Amazon Builders' Library, Avoiding fallback in distributed systems",
    "https://aws.amazon.com/builders-library/avoiding-fallback-in-distributed-systems/",
)
NIELSEN = Reference(
    "Nielsen, Response Times: The 3 Important Limits",
    "https://www.nngroup.com/articles/response-times-3-important-limits/",
)
TAIL_AT_SCALE = Reference(
    "Dean and Barroso, The Tail at Scale", "https://research.google/pubs/the-tail-at-scale/"
)
HYSTRIX = Reference("Hystrix, Configuration", "https://github.com/Netflix/Hystrix/wiki/Configuration")
RESILIENCE4J = Reference("Resilience4j, CircuitBreaker", "https://resilience4j.readme.io/docs/circuitbreaker")
FINAGLE = Reference(
    "Finagle, Clients: Retries", "https://twitter.github.io/finagle/guide/Clients.html#retries"
)
RFC_6298 = Reference(
    "RFC 6298, Computing TCP's Retransmission Timer", "https://www.rfc-editor.org/rfc/rfc6298"
)
LOAD_LEVELING = Reference(
    "Azure Architecture Center, Queue-Based Load Leveling",
    "https://learn.microsoft.com/en-us/azure/architecture/patterns/queue-based-load-leveling",
)
KUBERNETES_PROBES = Reference(
    "Kubernetes, Configure Liveness, Readiness and Startup Probes",
    "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/",
)
REQUESTS = Reference(
    "Requests, Advanced Usage: Timeouts", "https://requests.readthedocs.io/en/latest/user/advanced/#timeouts"
)
LITTLE = Reference("Little's law", "https://en.wikipedia.org/wiki/Little%27s_law")
POSTGRES = Reference(
    "PostgreSQL, Connections and Authentication",
    "https://www.postgresql.org/docs/current/runtime-config-connection.html",
)
HIKARI = Reference(
    "HikariCP, About Pool Sizing", "https://github.com/brettwooldridge/HikariCP/wiki/About-Pool-Sizing"
)
KUBERNETES_DEPLOYMENT = Reference(
    "Kubernetes, Deployments", "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/"
)
KUBERNETES_TERMINATION = Reference(
    "Kubernetes, Pod Lifecycle: termination",
    "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
)
LEARNK8S_SHUTDOWN = Reference(
    "Learnk8s, Graceful shutdown in Kubernetes", "https://learnk8s.io/graceful-shutdown"
)
ASYNCIO_DEBUG = Reference(
    "Python, Developing with asyncio: slow_callback_duration",
    "https://docs.python.org/3/library/asyncio-dev.html#debug-mode",
)
GUNICORN = Reference(
    "Gunicorn, Settings: timeout", "https://docs.gunicorn.org/en/stable/settings.html#timeout"
)
CODEL = Reference(
    "RFC 8289, Controlled Delay Active Queue Management", "https://www.rfc-editor.org/rfc/rfc8289"
)
FAIL_AT_SCALE = Reference("Maurer, Fail at Scale (ACM Queue)", "https://queue.acm.org/detail.cfm?id=2839461")

OWN_MEASUREMENT = Reference("your own access log or metrics")
OWN_CONTRACT = Reference("the provider's contract, quota or status page")
