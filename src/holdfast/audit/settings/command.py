"""A command line that starts a server, taken apart: which server, which app, with which options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Command", "of_shell", "of_words"]

_SERVERS = frozenset(
    {"uvicorn", "gunicorn", "hypercorn", "granian", "daphne", "fastapi", "holdfast", "celery"}
)
_BEFORE = frozenset(
    {"exec", "tini", "dumb-init", "env", "nohup", "ddtrace-run", "opentelemetry-instrument", "--"}
)
"""Words that run what follows them."""
_RUNNERS = frozenset({"poetry", "uv", "pipenv", "pdm", "hatch", "rye"})
"""`poetry run uvicorn` and the like."""
_SHORT = {
    "gunicorn": {"-w": "workers", "-k": "worker-class", "-t": "timeout", "-b": "bind", "-c": "config"},
    "hypercorn": {"-w": "workers", "-k": "worker-class", "-b": "bind", "-c": "config"},
    "python": {"-m": "module"},
}
_FLAGS = frozenset({"reload", "preload", "access-log", "no-access-log", "proxy-headers", "no-proxy-headers"})
"""Options without a value."""
_ENDS = frozenset({"&&", "||", ";", "|", "&", "\n"})


@dataclass(frozen=True, slots=True)
class Command:
    """`server` is "python" for a program of the project. `app` is "shop.main:app", or the file that Python
    runs; "" where none is named.

    `options` have their long names without dashes; one without a value is "". `replaces`: whether it takes
    the place of the shell that starts it (`exec`), so that signals reach it.
    """

    server: str
    app: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    replaces: bool = False

    def number(self, option: str) -> float | None:
        """Return an option's number; None where it is not given, or is no number (`$WORKERS`)."""
        try:
            return float(self.options[option])
        except (KeyError, ValueError):
            return None


def of_words(words: Sequence[str]) -> Command | None:
    """Return the command of an argument list; None where it starts no server that is known."""
    rest, replaces = list(words), False
    while rest:
        word = rest[0].rpartition("/")[2]
        if word in ("sh", "bash", "ash") and len(rest) > 2 and rest[1] in ("-c", "-ec", "-lc"):
            found = list(of_shell(rest[2]))
            return found[-1] if found else None
        if word in _RUNNERS and "run" in rest[:4]:
            del rest[: rest.index("run") + 1]
            while rest and rest[0].startswith("-"):
                del rest[0]
        elif word in _BEFORE or re.fullmatch(r"[A-Za-z_]\w*=.*", rest[0], re.DOTALL):
            replaces = replaces or word == "exec"
            del rest[0]
        elif re.fullmatch(r"python[\d.]*", word):
            if rest[1:2] == ["-m"] and len(rest) > 2 and rest[2] in _SERVERS:
                del rest[:2]
            else:
                return _taken_apart("python", rest[1:], replaces)
        else:
            return _taken_apart(word, rest[1:], replaces) if word in _SERVERS else None
    return None


def of_shell(text: str) -> Iterator[Command]:
    """Yield the commands of a shell's text that start a server, in their order."""
    lexer = shlex.shlex(text.replace("\\\n", " ").replace("\n", " ; "), posix=True, punctuation_chars=True)
    lexer.commenters, lexer.whitespace_split = "", True
    words: list[str] = []
    try:
        tokens = list(lexer)
    except ValueError:
        return  # a quote that nobody closes
    for token in [*tokens, ";"]:
        if token not in _ENDS:
            words.append(token)
            continue
        command = of_words(words)
        if command is not None:
            yield command
        words = []


def _taken_apart(server: str, rest: Sequence[str], replaces: bool) -> Command:
    short, options, app = _SHORT.get(server, {}), dict[str, str](), ""
    if server == "fastapi" and rest[:1] == ["dev"]:
        options["reload"] = ""  # `fastapi dev` is `uvicorn --reload`
    number = 0
    while number < len(rest):
        word = rest[number]
        number += 1
        if not word.startswith("-"):
            names_app = ":" in word or word.endswith(".py")
            app = word if names_app and not app else app
            continue
        name, given, value = word.partition("=")
        name = short.get(name, name.lstrip("-"))
        if not given and name not in _FLAGS and number < len(rest) and not rest[number].startswith("-"):
            value = rest[number]
            number += 1
        options[name] = value
    return Command(server, app, options, replaces)
