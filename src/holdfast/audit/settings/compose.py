"""Compose files: the commands of the services that are built from the project."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.audit.settings.command import of_shell, of_words
from holdfast.audit.settings.form import Launch
from holdfast.audit.settings.yaml import Node

__all__ = ["launches"]

_OTHER = re.compile(r"override|dev|local|test|debug|ci\b")
"""In the name of a file that is not for production."""


def launches(file: str, document: Node) -> Iterator[Launch]:
    """Yield what the services of a compose file start, where they override the image's command."""
    development = _OTHER.search(file.rpartition("/")[2]) is not None
    for service in document["services"].values():
        said = service["command"]
        command = of_words(said.words) if said.words else None
        shell = False
        if said.text:
            # Compose splits a text into words itself; a shell is there when the text says so.
            found = list(of_shell(said.text))
            command, shell = (found[-1] if found else None), " -c " in said.text
        if command is not None:
            yield Launch(
                file=file,
                line=said.line,
                origin="compose",
                command=command,
                shell=shell,
                development=development,
                environment=dict(_variables(service["environment"])),
            )


def _variables(node: Node) -> Iterator[tuple[str, str]]:
    for name, value in node.items():
        yield name.text, value.text
    for word in node.words:
        variable, _, given = word.partition("=")
        yield variable, given
