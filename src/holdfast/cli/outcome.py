"""How a command ends: the one table of exit codes, and one line for each error.

0 pass - 1 an objective missed, findings or drift - 2 usage or bad configuration - 3 a number is missing -
4 the service did not boot - 5 not decided - 130 interrupted. An error that nobody foresaw is a 5, never a 1:
a broken tool has judged nothing.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

from holdfast.errors import BootFailed, HoldfastError

__all__ = ["EXIT_INTERRUPTED", "EXIT_UNDECIDED", "import_failure", "outcome"]

EXIT_UNDECIDED = 5
EXIT_INTERRUPTED = 130

DEBUG = "HOLDFAST_DEBUG"
"""Set it to see the traceback of an error in holdfast itself."""


def outcome(work: Callable[[], int | None]) -> int:
    """Do `work`; its result, or its error said in one line on stderr, as an exit code.

    What a service wrote that did not boot is shown before that line, set off as not being ours.
    """
    try:
        return work() or 0
    except HoldfastError as error:
        if isinstance(error, BootFailed):
            for line in error.output.splitlines():
                print(f"  | {line}", file=sys.stderr)
        say(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_UNDECIDED
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user
        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in EXTRA_OF:
            return import_failure(error)
        if os.environ.get(DEBUG):
            traceback.print_exc()
        say(f"error in holdfast itself: {type(error).__name__}: {error} ({DEBUG}=1 shows where)")
        return EXIT_UNDECIDED


def import_failure(error: ModuleNotFoundError, *, extra: str = "") -> int:
    """Say which package is missing, and which extra brings it."""
    package = (error.name or str(error)).partition(".")[0]
    extra = extra or EXTRA_OF.get(package, "all")
    say(f"error: this command needs {package!r}, which is not installed: pip install 'holdfast[{extra}]'")
    return 2


EXTRA_OF = {
    "gunicorn": "serve",
    "httptools": "gate",
    "httpx2": "http",
    "libcst": "audit",
    "numpy": "gate",
    "packaging": "gate",
    "rich": "cli",
    "typer": "cli",
    "uvicorn": "serve",
    "uvicorn_worker": "serve",
    "uvloop": "serve",
    "yaml": "gate",
}


def say(line: str) -> None:
    """One line to the user."""
    print(f"holdfast: {line}", file=sys.stderr)
