"""Finding the app that MODULE:ATTRIBUTE or MODULE:FACTORY() names, in the worker that serves it."""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from holdfast.errors import UsageError

__all__ = ["import_app"]


def import_app(text: str) -> Any:
    """Return the ASGI app that `text` names; the working directory is importable from.

    Raises `UsageError` where the module has no such thing, and whatever importing or the factory raises.
    """
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    name, _, said = text.partition(":")
    module = import_module(name)
    attribute, call = _parsed(said)
    found = getattr(module, attribute, None)
    if found is None:
        raise UsageError(f"Failed to find attribute {attribute!r} in {name!r}.")
    if call is not None:
        args, options = call
        found = found(*args, **options)
    if not callable(found):
        raise UsageError("Application object must be callable.")
    return found


def _parsed(said: str) -> tuple[str, tuple[list[Any], dict[str, Any]] | None]:
    """Return the attribute, and the literal arguments where it is a call."""
    try:
        expression = ast.parse(said, mode="eval").body
        if isinstance(expression, ast.Name):
            return expression.id, None
        if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name):
            args = [ast.literal_eval(arg) for arg in expression.args]
            options = {word.arg: ast.literal_eval(word.value) for word in expression.keywords if word.arg}
            return expression.func.id, (args, options)
    except (SyntaxError, ValueError):
        pass
    raise UsageError(f"Failed to parse {said!r} as an attribute name or function call.")
