"""From the files to what they say. Nothing of them is run, and none of them stops the audit."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from holdfast.audit.knowledge import has_budget
from holdfast.audit.settings import compose, dockerfile, kubernetes
from holdfast.audit.settings.command import of_shell, of_words
from holdfast.audit.settings.find import LARGEST, Kind, find
from holdfast.audit.settings.form import Launch, Settings
from holdfast.audit.settings.yaml import documents
from holdfast.audit.source.form import Trouble

__all__ = ["read", "read_texts"]

_TRAP = re.compile(r"^\s*trap\s", re.MULTILINE)
_KUSTOMIZE = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
_HANDS_ON = re.compile(r"^\s*exec\s+.*\"?\$@\"?", re.MULTILINE)
"""What an entrypoint ends with that becomes the command it is given."""


def read(root: Path) -> Settings:
    """Return what the files below `root` say."""
    found = read_texts((path, _text(file), kind) for path, file, kind in find(root))
    if has_budget(root):
        found.budgets.append("")
    return found


def read_texts(files: Iterable[tuple[str, str, Kind]]) -> Settings:
    """Return what texts say that are files of these paths and kinds."""
    found, scripts, kustomized = Settings(), dict[str, tuple[str, str]](), set[str]()
    images: list[tuple[str, dockerfile.Started]] = []
    for path, text, kind in files:
        if kind == "script":
            scripts[path.rpartition("/")[2]] = (path, text)
        elif kind == "Dockerfile":
            started = dockerfile.started(path, text)
            if started is not None:
                images.append((path, started))
        elif kind == "Procfile":
            found.launches.extend(_processes(path, text))
        elif kind == "budget":
            found.budgets.append(path.rpartition("/")[0])
        elif path.rpartition("/")[2] in _KUSTOMIZE:
            kustomized.add(path.rpartition("/")[0])
        elif _may_say(text, kind):
            _yaml(found, path, text, kind)
    for path, started in images:
        found.launches.extend(_started(path, started, scripts))
    found.workloads[:] = (replace(one, partial=_is_within(one.file, kustomized)) for one in found.workloads)
    return found


def _is_within(path: str, folders: Collection[str]) -> bool:
    """Whether a file lies in one of some folders, or below it."""
    return any(path.startswith(f"{folder}/" if folder else "") for folder in folders)


def _text(file: Path) -> str:
    try:
        if not file.is_file() or file.stat().st_size > LARGEST:
            return ""  # a pipe would be waited for
        return file.read_bytes().decode("utf-8", errors="replace").replace("\0", "")
    except OSError:
        return ""


def _may_say(text: str, kind: Kind) -> bool:
    """Whether a YAML file is read: one with templates is no YAML yet, and most are no manifests."""
    if kind == "compose":
        return "services" in text
    return "containers:" in text and "kind:" in text and "{{" not in text


def _yaml(found: Settings, path: str, text: str, kind: Kind) -> None:
    read = documents(text)
    if isinstance(read, Trouble):
        found.troubles[path] = (read,)
        return
    for one in read:
        if kind == "compose":
            found.launches.extend(compose.launches(path, one))
        else:
            found.workloads.extend(kubernetes.workloads(path, one))


def _processes(path: str, text: str) -> Iterator[Launch]:
    """Yield the processes of a Procfile: "web: uvicorn app:app", which a shell starts."""
    for number, line in enumerate(text.splitlines(), 1):
        name, colon, rest = line.partition(":")
        if colon and re.fullmatch(r"\w+", name.strip()):
            for command in of_shell(rest):
                yield Launch(path, number, "Procfile", command, development=path.endswith(("dev", "local")))


def _started(path: str, started: dockerfile.Started, scripts: dict[str, tuple[str, str]]) -> Iterator[Launch]:
    """Yield the servers that an image starts, itself or by a script of the project."""
    words, shell = started.words, started.shell
    script = next((scripts[name] for name in _scripts(words) if name in scripts), None)
    if script is not None and _HANDS_ON.search(script[1]):
        words = words[1:] if not shell else words
        script = None
    if script is not None:
        waits = _TRAP.search(script[1]) is None  # a shell with a trap knows of the signal
        for number, line in enumerate(script[1].splitlines(), 1):
            for command in of_shell(line.partition(" #")[0]) if not line.lstrip().startswith("#") else ():
                yield Launch(
                    *(script[0], number, "script", command, waits),
                    development=started.development,
                    environment=started.environment,
                )
        return
    commands = list(of_shell(words[0])) if shell and words else [of_words(words)]
    for found in commands:
        if found is not None:
            # Busybox' shell, unlike Debian's, becomes the one command that it is given.
            yield Launch(
                *(path, started.line, "Dockerfile", found, shell and "alpine" not in started.image),
                development=started.development,
                environment=started.environment,
            )


def _scripts(words: tuple[str, ...]) -> Iterator[str]:
    for word in " ".join(words).split():
        if word.endswith(".sh"):
            yield word.rpartition("/")[2]
