"""Which fixers know what to do about which rule, the better one first."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.audit.fix.case import Fixer
from holdfast.audit.fix.fixers import (
    cache,
    client,
    define,
    eager,
    file_name,
    gather,
    guard,
    offload,
    pool,
    retry,
    scope,
    task,
    timeout,
    transaction,
    upload,
)

__all__ = ["FIXERS"]

FIXERS: Mapping[str, tuple[Fixer, ...]] = {
    "HF202": (timeout.fix,),  # before what moves the call away
    "HF201": (client.fix,),
    "HF203": (pool.fix,),
    "HF301": (task.fix,),
    "HF302": (gather.fix,),
    "HF501": (eager.fix,),
    "HF502": (transaction.fix,),
    "HF503": (scope.fix,),
    "HF506": (eager.fix,),
    "HF601": (retry.fix,),
    "HF701": (cache.fix,),
    "HF801": (upload.fix,),
    "HF802": (file_name.fix,),
    "HF951": (guard.fix,),
    "HF101": (offload.fix, define.fix),
    "HF102": (offload.fix,),
}
"""By code; fixes of one file are combined in this order."""
