"""Whether a service boots as the gate starts it, and nothing more."""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from holdfast.budget import Loaded
from holdfast.gate.conduct.cores import divide
from holdfast.gate.conduct.dependencies import wire
from holdfast.gate.conduct.options import Options
from holdfast.gate.conduct.run import service_of
from holdfast.gate.launch.port import free

__all__ = ["boot"]


async def boot(loaded: Loaded, options: Options) -> None:
    """Start the service with its dependencies or their stand-ins, wait until it is ready, and stop it.

    Raises UsageError for what the user can mend, BootFailed when it does not become ready in time.
    """
    with tempfile.TemporaryDirectory(prefix="holdfast-boot-", ignore_cleanup_errors=True) as scratch:
        async with AsyncExitStack() as stack:
            cores = divide()
            wired = await wire(loaded, options.environ, Path(scratch), cores.gate, stack, seed=options.seed)
            await stack.enter_async_context(service_of(loaded, options, wired, cores, free()))
