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
ENVOY_ADMISSION = Reference(
    "Envoy, Admission control",
    "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/admission_control_filter",
)
ENVOY_OUTLIERS = Reference(
    "Envoy, Outlier detection",
    "https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier",
)
ENVOY_SLOW_START = Reference(
    "Envoy, Slow start mode",
    "https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/slow_start",
)
FINAGLE = Reference(
    "Finagle, Clients: Retries", "https://twitter.github.io/finagle/guide/Clients.html#retries"
)
RFC_6298 = Reference(
    "RFC 6298, Computing TCP's Retransmission Timer", "https://www.rfc-editor.org/rfc/rfc6298"
)
OWASP_UPLOADS = Reference(
    "OWASP, File Upload Cheat Sheet",
    "https://cheatsheetseries.owasp.org/cheatsheets/File_Upload_Cheat_Sheet.html",
)
STARLETTE_FORMS = Reference(
    "Starlette, Request Files: max_part_size", "https://www.starlette.io/requests/#request-files"
)
STRIPE_LIMITERS = Reference(
    "Stripe, Scaling your API with rate limiters", "https://stripe.com/blog/rate-limiters"
)
GITHUB_LIMITS = Reference(
    "GitHub, Rate limits for the REST API",
    "https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api",
)
OWASP_CONSUMPTION = Reference(
    "OWASP API Security, Unrestricted Resource Consumption",
    "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/",
)
REDIS_LATENCY = Reference(
    "Redis, Diagnosing latency issues",
    "https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency/",
)
RFC_6177 = Reference(
    "RFC 6177, IPv6 Address Assignment to End Sites", "https://www.rfc-editor.org/rfc/rfc6177"
)
OWASP_INVENTORY = Reference(
    "OWASP API Security Top 10 2023, API9 Improper Inventory Management",
    "https://owasp.org/API-Security/editions/2023/en/0xa9-improper-inventory-management/",
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
HIKARI_KNOBS = Reference(
    "HikariCP, Configuration: maxLifetime",
    "https://github.com/brettwooldridge/HikariCP#gear-configuration-knobs-baby",
)
SENTRY_REPEATS = Reference(
    "Sentry, N+1 Queries",
    "https://docs.sentry.io/product/issues/issue-details/performance-issues/n-one-queries/",
)
AURORA_REPLICAS = Reference(
    "Amazon Aurora, Replication with Aurora",
    "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Replication.html",
)
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
FAULTHANDLER = Reference(
    "Python, faulthandler: dump_traceback_later",
    "https://docs.python.org/3/library/faulthandler.html#dumping-the-tracebacks-after-a-timeout",
)
GUNICORN = Reference(
    "Gunicorn, Settings: timeout", "https://docs.gunicorn.org/en/stable/settings.html#timeout"
)
GUNICORN_MAX_REQUESTS = Reference(
    "Gunicorn, Settings: max_requests", "https://docs.gunicorn.org/en/stable/settings.html#max-requests"
)
UVICORN_DEPLOYMENT = Reference("Uvicorn, Deployment", "https://uvicorn.dev/deployment/")
UVICORN_SETTINGS = Reference("Uvicorn, Settings: timeouts", "https://uvicorn.dev/settings/#timeouts")
AWS_HEALTH = Reference(
    "Amazon Builders' Library, Implementing health checks",
    "https://aws.amazon.com/builders-library/implementing-health-checks/",
)
ENVOY_OUTLIERS = Reference(
    "Envoy, Outlier detection",
    "https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier",
)
SCHMITT = Reference("Schmitt trigger", "https://en.wikipedia.org/wiki/Schmitt_trigger")
APACHE_REQTIMEOUT = Reference(
    "Apache HTTP Server, mod_reqtimeout", "https://httpd.apache.org/docs/2.4/mod/mod_reqtimeout.html"
)
H11_LIMITS = Reference(
    "h11, max_incomplete_event_size", "https://h11.readthedocs.io/en/latest/api.html#h11.Connection"
)
HAPROXY_BUFFER = Reference(
    "HAProxy, option http-buffer-request",
    "https://docs.haproxy.org/3.0/configuration.html#4.2-option%20http-buffer-request",
)
MOD_QOS = Reference("mod_qos, QS_SrvMinDataRate", "https://mod-qos.sourceforge.net/")
NGINX_CORE = Reference(
    "nginx, send_timeout", "https://nginx.org/en/docs/http/ngx_http_core_module.html#send_timeout"
)
ANYIO_THREADS = Reference(
    "AnyIO, Adjusting the default maximum worker thread count",
    "https://anyio.readthedocs.io/en/stable/threads.html#adjusting-the-default-maximum-worker-thread-count",
)
CODEL = Reference(
    "RFC 8289, Controlled Delay Active Queue Management", "https://www.rfc-editor.org/rfc/rfc8289"
)
FOLLY_CODEL = Reference(
    "folly, Codel: target 5 ms, interval 100 ms",
    "https://github.com/facebook/folly/blob/main/folly/executors/Codel.h",
)
FAIL_AT_SCALE = Reference("Maurer, Fail at Scale (ACM Queue)", "https://queue.acm.org/detail.cfm?id=2839461")
STRIPE_IDEMPOTENCY = Reference(
    "Stripe, Idempotent requests", "https://docs.stripe.com/api/idempotent_requests"
)
TRUELAYER_IDEMPOTENCY = Reference(
    "TrueLayer, Add idempotency to your payments requests",
    "https://docs.truelayer.com/docs/idempotency-for-payment-requests",
)
IDEMPOTENCY_DRAFT = Reference(
    "IETF, The Idempotency-Key HTTP Header Field",
    "https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/",
)
CLIENT_GO_LEASE = Reference(
    "client-go, leader election: LeaseDuration",
    "https://pkg.go.dev/k8s.io/client-go/tools/leaderelection#LeaderElectionConfig",
)
DYNAMODB_ITEM = Reference(
    "Amazon DynamoDB, Constraints: item size",
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html",
)
TWELVE_FACTOR_LOGS = Reference("The Twelve-Factor App, Logs", "https://12factor.net/logs")
OWASP_LOGGING = Reference(
    "OWASP Logging Cheat Sheet", "https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html"
)
OTEL_BATCH_LOGS = Reference(
    "OpenTelemetry, OTEL_BLRP_MAX_QUEUE_SIZE",
    "https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/",
)
ZAP_SAMPLING = Reference(
    "zap, Why sample application logs?", "https://github.com/uber-go/zap/blob/master/FAQ.md"
)
DOCKER_LINE = Reference(
    "moby, the log copier's buffer of 16 KiB",
    "https://github.com/moby/moby/blob/master/daemon/logger/copier.go",
)
OTEL_SAMPLING = Reference("OpenTelemetry, Sampling", "https://opentelemetry.io/docs/concepts/sampling/")
DAPPER = Reference("Sigelman et al., Dapper (Google, 2010), 4.4", "https://research.google/pubs/pub36356/")
TRACE_CONTEXT_PRIVACY = Reference(
    "W3C Trace Context, Denial of service", "https://www.w3.org/TR/trace-context/#denial-of-service"
)

AWS_CACHING = Reference(
    "Amazon Builders' Library, Caching challenges and strategies",
    "https://aws.amazon.com/builders-library/caching-challenges-and-strategies/",
)
RFC_5861 = Reference(
    "RFC 5861, HTTP Cache-Control Extensions for Stale Content", "https://www.rfc-editor.org/rfc/rfc5861"
)
RFC_9111 = Reference("RFC 9111, HTTP Caching", "https://www.rfc-editor.org/rfc/rfc9111")
RFC_2308 = Reference("RFC 2308, Negative Caching of DNS Queries", "https://www.rfc-editor.org/rfc/rfc2308")

OWN_MEASUREMENT = Reference("your own access log or metrics")
OWN_CONTRACT = Reference("the provider's contract, quota or status page")
