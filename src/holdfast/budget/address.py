"""Where a dependency is: in the environment variable that the budget names, or in a file that one names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from holdfast.errors import UsageError

__all__ = ["address"]


def address(name: str, variable: str | None, environ: Mapping[str, str]) -> str:
    """Return what `variable` holds, or the file that `variable`_FILE names, for the dependency `name`.

    Raises UsageError, placed at the variable, where there is none. It may hold a password: do not show it.
    """
    if variable is None:
        message = f'expected url_env, the variable with the address of "{name}"'
        raise UsageError(message, place=f"dependency.{name}")
    if value := environ.get(variable, "").strip():
        return value
    file = environ.get(f"{variable}_FILE", "").strip()
    if not file:
        raise UsageError(f'not set, but the dependency "{name}" has its address there', place=variable)
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"cannot read {file}: {reason}", place=f"{variable}_FILE") from error
