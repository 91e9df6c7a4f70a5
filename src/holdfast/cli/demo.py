"""`holdfast demo`: one service in two forms under one gate, side by side."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from holdfast.budget import load
from holdfast.cli.gate import measured, require_seed, writable
from holdfast.errors import UsageError
from holdfast.gate.conduct import Options
from holdfast.gate.report import html, text

__all__ = ["demo"]

FORMS = {"fragile": "examples.shop.fragile:app", "held": "examples.shop.held:app"}
_FAULTS = ("reset", "slow")
"""The two that show most, in half the time that all of them take."""

_BUDGET = Path("examples", "shop", "holdfast.toml")


def demo(
    out: Annotated[Path, typer.Option(help="The folder for the report.")] = Path("holdfast-report"),
    seed: Annotated[int, typer.Option(help="Decides every arrival and every request in advance.")] = 1,
) -> int:
    """See a fragile and a held service side by side under the same gate, in about two minutes.

    Both are examples/shop, an order service with a database and a payment provider: once with the mistakes
    that real teams make, once with holdfast. Everything is embedded; nothing else has to run.

    Ends with 0 when the held form passes its gate and the fragile form does not, 130 after Ctrl-C, else as
    `holdfast gate` on the form that surprised.
    """
    require_seed(seed)
    root = checkout()
    sys.path.insert(0, str(root))
    from examples.shop import mistakes

    console = Console()
    folder = writable(out)
    budget = root / _BUDGET
    loaded = load(budget, environment="ci")
    paths = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH", ""))))
    # The demo is about its own stand-ins: whatever DATABASE_URL is set for something else stays untouched.
    own = {each.url_env for each in loaded.budget.dependency.values()}
    environ = {name: value for name, value in os.environ.items() if name not in own}
    results = {}
    for name, app in FORMS.items():
        console.rule(f"{name}: {app}", characters="-")
        options = Options(app, seed, environ | {"PYTHONPATH": paths}, faults=_FAULTS)
        results[name] = result = measured(loaded, options, console, title=name)
        result.write(folder / f"{name}.json")
        (folder / f"{name}.html").write_text(html.render(result), encoding="utf-8")
    page = folder / "demo.html"
    found = mistakes.load()
    page.write_text(html.render_comparison(results, found), encoding="utf-8")
    text.render_comparison(results, console, found)
    console.print(f"\nside by side: {page}   results: {folder}/fragile.json, held.json", highlight=False)
    held, fragile = results["held"].verdict, results["fragile"].verdict
    if held.exit_code:
        return held.exit_code
    return 0 if fragile.outcome == "fail" else 5


def checkout() -> Path:
    """Return the folder that holds examples/shop: this checkout, or the working directory."""
    for folder in (Path.cwd(), Path(__file__).parents[3]):
        if (folder / _BUDGET).is_file():
            return folder
    raise UsageError(f"the demo needs {_BUDGET}: run it in a checkout of holdfast", place=str(Path.cwd()))
