"""All rules, in the order of their codes."""

from __future__ import annotations

from holdfast.audit.rules.blocking import call, compute
from holdfast.audit.rules.connections import never_closed, per_request, pool, timeout
from holdfast.audit.rules.data import (
    await_in_loop,
    call_in_transaction,
    commit_after,
    lazy_load,
    missing_index,
    query_in_loop,
    unpaginated,
)
from holdfast.audit.rules.errors import answered_ok, swallowed
from holdfast.audit.rules.labels import cardinality, secrets
from holdfast.audit.rules.layers import base_http_middleware, leaked
from holdfast.audit.rules.memory import cache, pickled, shared_state
from holdfast.audit.rules.responses import download, missing_model, slow_json
from holdfast.audit.rules.retries import declared, doubled, loop, not_idempotent
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.security import debug, docs, jwt_leeway, jwt_unverified, open_write, secret
from holdfast.audit.rules.service import no_limit
from holdfast.audit.rules.settings import (
    celery_acks_late,
    celery_results,
    celery_time_limit,
    celery_visibility,
    drain_cut,
    liveness_dependency,
    lost_signal,
    no_jitter,
    no_memory_limit,
    no_pre_stop,
    no_readiness,
    no_watchdog,
    reload,
    trusted_proxies,
    wrong_worker,
)
from holdfast.audit.rules.tasks import background, gather, reference, unbounded
from holdfast.audit.rules.uploads import file_name, whole_file

__all__ = ["RULES"]

RULES: tuple[Rule, ...] = (
    call.RULE,
    compute.RULE,
    per_request.RULE,
    timeout.RULE,
    pool.RULE,
    never_closed.RULE,
    reference.RULE,
    gather.RULE,
    background.RULE,
    unbounded.RULE,
    base_http_middleware.RULE,
    leaked.RULE,
    query_in_loop.RULE,
    call_in_transaction.RULE,
    commit_after.RULE,
    unpaginated.RULE,
    await_in_loop.RULE,
    lazy_load.RULE,
    missing_index.RULE,
    loop.RULE,
    declared.RULE,
    not_idempotent.RULE,
    doubled.RULE,
    cache.RULE,
    shared_state.RULE,
    pickled.RULE,
    whole_file.RULE,
    file_name.RULE,
    slow_json.RULE,
    missing_model.RULE,
    download.RULE,
    answered_ok.RULE,
    swallowed.RULE,
    cardinality.RULE,
    secrets.RULE,
    no_limit.RULE,
    reload.RULE,
    no_watchdog.RULE,
    wrong_worker.RULE,
    no_jitter.RULE,
    lost_signal.RULE,
    trusted_proxies.RULE,
    no_memory_limit.RULE,
    no_readiness.RULE,
    liveness_dependency.RULE,
    drain_cut.RULE,
    no_pre_stop.RULE,
    celery_time_limit.RULE,
    celery_results.RULE,
    celery_visibility.RULE,
    celery_acks_late.RULE,
    debug.RULE,
    docs.RULE,
    open_write.RULE,
    jwt_unverified.RULE,
    jwt_leeway.RULE,
    secret.RULE,
)
