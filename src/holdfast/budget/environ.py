"""Overrides from the environment: HOLDFAST_OBJECTIVE__P99=250ms, by the rules of pydantic-settings.

Looked up, the first wins: the process' environment; `.env` beside the budget; the folder that
HOLDFAST_SECRETS_DIR names, one file a variable. NAME_FILE in place of NAME names a file that holds the value.
A list or a whole table is written as JSON.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.budget.model.budget import Budget
from holdfast.budget.overlay import Layer, lay, leaves
from holdfast.budget.path import KeyPath
from holdfast.errors import BudgetError

if TYPE_CHECKING:
    from pydantic_settings import BaseSettings

__all__ = ["PREFIX", "SECRETS_DIR", "override"]

PREFIX = "HOLDFAST_"
SECRETS_DIR = "HOLDFAST_SECRETS_DIR"

_NESTED = "__"
_FILE = "_FILE"
_SECTIONS = tuple(name for name in Budget.model_fields if name not in ("source", "deferred"))
"""What may be overridden: all but where numbers were decided."""


def override(
    data: Mapping[str, Any], folder: Path, environ: Mapping[str, str]
) -> tuple[Layer, Mapping[KeyPath, str]]:
    """Return `data` with the overrides put in, and the variable that each overridden path comes from.

    Raises BudgetError, with the variable as its place, for one that names no section or cannot be read.
    """
    merged, origins = dict(data), dict[KeyPath, str]()
    for name, value in _variables(folder, environ).items():
        found = _as_written(_exploded(name, value), merged)
        merged = lay(found, merged)
        origins.update({path: name for path, _ in leaves(found)})
    return merged, origins


def _variables(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that address the budget, NAME_FILE already read."""
    layers = [_secrets(environ), _dotenv(folder / ".env"), environ]
    found: dict[str, str] = {}
    for layer in layers:
        chosen = {name.upper(): value for name, value in layer.items() if _addresses(name.upper())}
        for name in [name for name in chosen if name.endswith(_FILE)]:
            chosen.setdefault(name.removesuffix(_FILE), _content(name, Path(chosen[name])))
            del chosen[name]
        found |= chosen
    return found


def _addresses(name: str) -> bool:
    """Whether a variable is meant for the budget; HOLDFAST_BOARD and its like are not."""
    if not name.startswith(PREFIX):
        return False
    head, nested, _ = name.removeprefix(PREFIX).partition(_NESTED)
    section = head.lower() if nested else head.removesuffix(_FILE).lower()
    if section in _SECTIONS:
        return True
    if nested:
        known = ", ".join(_SECTIONS)
        raise BudgetError(f'names no section of the budget: "{head.lower()}" is none of {known}', place=name)
    return False


def _secrets(environ: Mapping[str, str]) -> dict[str, str]:
    if not (named := environ.get(SECRETS_DIR)):
        return {}
    folder = Path(named)
    if not folder.is_dir():
        raise BudgetError(f'"{named}" is no folder', place=SECRETS_DIR)
    files = (file for file in folder.iterdir() if file.name.upper().startswith(PREFIX) and file.is_file())
    return {file.name: _content(file.name, file) for file in files}


def _dotenv(file: Path) -> dict[str, str]:
    if not file.is_file() or PREFIX not in _content(str(file), file).upper():
        return {}
    from dotenv import dotenv_values  # pydantic-settings' own reader

    return {name: value for name, value in dotenv_values(file).items() if value is not None}


def _content(name: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8"
        raise BudgetError(f'the file "{file}" cannot be read: {why}', place=name) from None


def _exploded(name: str, value: str) -> Layer:
    """Return the tree that one variable stands for."""
    # Imported here: most processes have no override, and the import costs as much as the whole budget.
    from pydantic_settings import EnvSettingsSource
    from pydantic_settings.exceptions import SettingsError

    class Source(EnvSettingsSource):
        def _load_env_vars(self) -> Mapping[str, str | None]:
            return {name.lower(): value}

    try:
        return Source(_settings(), env_prefix=PREFIX, env_nested_delimiter=_NESTED)()
    except SettingsError:
        raise BudgetError(f'expected JSON for a list or a table, got "{value}"', place=name) from None


@functools.cache
def _settings() -> type[BaseSettings]:
    from pydantic_settings import BaseSettings

    from holdfast.budget.model import Budget

    class Overrides(Budget, BaseSettings):  # type: ignore[misc]  # the two configs are merged
        pass

    return Overrides


def _as_written(tree: Mapping[str, Any], data: Mapping[str, Any]) -> Layer:
    """Return the tree with the keys spelled as in `data`: variables know no small letters and no hyphens."""
    spelled = {key.lower().replace("-", "_"): key for key in data}
    result: Layer = {}
    for key, value in tree.items():
        known = spelled.get(key.lower().replace("-", "_"), key)
        below = data.get(known, {})
        result[known] = (
            _as_written(value, below) if isinstance(value, dict) and isinstance(below, dict) else value
        )
    return result
