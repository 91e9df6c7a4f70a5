"""`holdfast traffic`: what users send, as a budget says it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.gate import require_seed
from holdfast.errors import UsageError

__all__ = ["traffic"]


def traffic(
    file: Annotated[Path, typer.Argument(help="An access log, a HAR file or an OpenAPI document.")],
    bodies: Annotated[Path, typer.Option(help="The folder for JSON bodies, beside the budget.")] = Path(
        "traffic"
    ),
    seed: Annotated[int, typer.Option(help="Decides bodies that are made from schemas.")] = 1,
) -> int:
    """Read what users sent, and print it as the [traffic] of a budget.

    An access log (combined, Uvicorn's, JSON lines) gives the routes with their weights and the busiest
    minute, a HAR file the bodies as well, an OpenAPI document one request for each operation, from its
    examples or made from its schemas. What was left out is said on standard error. Bodies are written to
    files; one that is there and says something else is not overwritten.

        Ends with 0, or with 2 when the file is none of these or holds no request.
    """
    require_seed(seed)
    from holdfast.gate.traffic import read, written

    found = read(file, seed=seed)
    text, files = written(found, bodies)
    for path, body in files.items():
        _write(path, body)
    for note in found.notes:
        typer.echo(note, err=True)
    typer.echo(text, nl=False)
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise UsageError("is there and says something else", place=str(path))
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", place=str(path)) from None
