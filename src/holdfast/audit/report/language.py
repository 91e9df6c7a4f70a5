"""Which language a file is in, as the fences of Markdown name it."""

from __future__ import annotations

__all__ = ["language"]

_ENDINGS = {
    "py": "python",
    "pyi": "python",
    "yaml": "yaml",
    "yml": "yaml",
    "toml": "toml",
    "sh": "sh",
    "diff": "diff",
    "Dockerfile": "dockerfile",
    "dockerfile": "dockerfile",
}


def language(file: str) -> str:
    """Return "python" for "shop/main.py"; "" where it is not known."""
    name = file.rpartition("/")[2]
    return _ENDINGS.get(name.rpartition(".")[2]) or _ENDINGS.get(name.partition(".")[0], "")
