"""Dockerfiles: their instructions, and the command that the image of the last stage starts.

Source: https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["Instruction", "Started", "instructions", "started"]

_HEREDOC = re.compile(r"<<-?\s*[\"']?(\w+)[\"']?")
_DEVELOPMENT = re.compile(r"\b(dev|develop|development|debug|test|tests|testing|local)\b")


@dataclass(frozen=True, slots=True)
class Instruction:
    """`name` in capitals, `text` what follows it with its continued lines joined, `line` its first."""

    name: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Started:
    """What an image starts: its words, or one text for a `shell`. `line` is that of the CMD or ENTRYPOINT,
    `image` what it is built from.

    `development`: the file or its last stage says that it is not for production.
    """

    line: int
    image: str
    words: tuple[str, ...]
    shell: bool
    development: bool
    environment: Mapping[str, str]


@dataclass(slots=True)
class _Stage:
    name: str = ""
    base: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: Instruction | None = None
    command: Instruction | None = None


def instructions(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile; comments and the bodies of here-documents are left out."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        first = number
        parts: list[str] = []
        while number < len(lines):
            line = lines[number].strip()
            number += 1
            if line.startswith("#") or (parts and not line):
                continue  # comments may stand between continued lines
            parts.append(line.removesuffix("\\").rstrip())
            if not line.endswith("\\"):
                break
        name, _, rest = " ".join(parts).partition(" ")
        for end in _HEREDOC.findall(rest) if name.upper() in ("RUN", "COPY", "ADD") else ():
            while number < len(lines) and lines[number].strip() != end:
                number += 1
            number += 1
        if name:
            while first < len(lines) and lines[first].strip().startswith("#"):
                first += 1
            yield Instruction(name.upper(), rest.strip(), first + 1)


def started(file: str, text: str) -> Started | None:
    """Return what the image of the last stage starts; None where it leaves that to its base."""
    stage = _last_stage(text)
    said = stage.command or stage.entrypoint
    if said is None:
        return None
    words, shell = _words(said)
    if stage.entrypoint is not None and stage.entrypoint is not said:
        before, shell_before = _words(stage.entrypoint)
        if shell_before:
            words, shell, said = before, True, stage.entrypoint  # a shell as the entrypoint drops the CMD
        elif not shell:
            words = (*before, *words)
    name = re.sub(r"[._-]", " ", f"{file.rpartition('/')[2]} {stage.name}".lower())
    return Started(
        said.line, stage.base, words, shell, _DEVELOPMENT.search(name) is not None, stage.environment
    )


def _words(instruction: Instruction) -> tuple[tuple[str, ...], bool]:
    """Return the words of an instruction in the exec form; or its text, and that it is in the shell form."""
    if instruction.text.startswith("["):
        try:
            given = json.loads(instruction.text)
        except (ValueError, RecursionError):
            given = None
        if isinstance(given, list) and all(isinstance(one, str) for one in given):
            name = given[0].rpartition("/")[2] if given else ""
            shell = len(given) > 2 and name in ("sh", "bash", "ash") and "c" in given[1]
            return ((given[2],), True) if shell else (tuple(given), False)
    return (instruction.text,), True


def _last_stage(text: str) -> _Stage:
    stages: dict[str, _Stage] = {}
    stage = _Stage()
    for one in instructions(text):
        if one.name == "FROM":
            words = [word for word in one.text.split() if not word.startswith("--")]
            base = words[0] if words else ""
            name = words[2] if len(words) > 2 and words[1].lower() == "as" else ""
            above = stages.get(base.lower(), _Stage())
            stage = _Stage(name, above.base or base, dict(above.environment), above.entrypoint, above.command)
            if name:
                stages[name.lower()] = stage
        elif one.name == "ENV":
            stage.environment.update(_variables(one.text))
        elif one.name == "CMD":
            stage.command = one
        elif one.name == "ENTRYPOINT":
            stage.entrypoint, stage.command = one, None  # a new entrypoint resets the CMD of its base
    return stage


def _variables(text: str) -> Iterator[tuple[str, str]]:
    if "=" not in text.partition(" ")[0]:
        name, _, value = text.partition(" ")
        yield name, value.strip()
        return
    for name, quoted, plain in re.findall(r"(\w+)=(?:\"([^\"]*)\"|(\S*))", text):
        yield name, quoted or plain
