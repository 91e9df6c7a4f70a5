"""Real services: small apps in a folder of their own, run by `holdfast serve` on free ports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.serve.running import APP, Service

Start = Callable[..., Service]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `holdfast serve ARGUMENTS` on an app whose module is `source`, with a budget if given."""
    started: list[Service] = []

    def write(name: str, text: str) -> None:
        path = tmp_path / name
        if not path.exists() or path.read_text() != text:  # one that boots already may be reading it
            path.write_text(text)

    def run(
        source: str | None = APP,
        *arguments: str,
        app: str = "app:app",
        budget: str = "",
        server: str = "",
        environ: dict[str, str] | None = None,
        output: Path = tmp_path,
    ) -> Service:
        if source is not None:
            write("app.py", dedent(source))
        if budget:
            write("holdfast.toml", dedent(budget))
        if server:
            arguments = (*arguments, "--server", server)
        service = Service(tmp_path, app, *arguments, environ=environ, output=output)
        started.append(service)
        return service

    yield run
    for service in started:
        service.destroy()
