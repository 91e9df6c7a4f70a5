"""What this Python cannot parse, made into what it can, line by line.

Where the parser stops, the line is put into older words if its syntax is only newer than this Python: type
parameters (PEP 695), `except A, B:` (PEP 758), template strings (PEP 750). Any other line gives way to
`pass`, or to a branch where it opens a block, so that all around it is still read. Lines keep their numbers.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

__all__ = ["repaired"]

_MOST = 40
"""Lines of one statement that are repaired: what has more of them is no Python."""

_OPENS = re.compile(
    r"\s*(async\s+)?(def|class|if|elif|else|for|while|try|except|finally|with|match|case)\b.*:\s*(#.*)?$"
)
_DEFINES = re.compile(r"(?P<head>\s*(?:async\s+)?(?:def|class)\s+\w+)\[(?P<rest>.*)", re.DOTALL)
_CATCHES = re.compile(
    r"(?P<head>\s*except\*?\s+)(?P<kinds>[\w.]+(?:\s*,\s*[\w.]+)+)(?P<rest>\s*:.*)", re.DOTALL
)
_ALIAS = re.compile(r"(?P<indent>\s*)type\s+(?P<name>\w+)\s*(?:\[[^=]*\])?\s*=(?P<rest>.*)", re.DOTALL)
_TEMPLATE = re.compile(r"\b([tT][rR]?|[rR][tT])(?=[\"'])")


def repaired(text: str, parse: Callable[[str], ast.Module]) -> ast.Module | None:
    """Return the tree of `text` without what cannot be parsed; None where little would be left of it."""
    lines = text.splitlines(keepends=True)
    given_up: set[int] = set()
    for _ in range(_MOST):
        try:
            return parse("".join(lines))
        except SyntaxError as error:
            number = min(max(error.lineno or 1, 1), len(lines)) - 1 if lines else -1
        except (ValueError, RecursionError):
            return None
        if number in given_up:
            number = next((one for one in range(number, -1, -1) if one not in given_up), -1)
        if number < 0:
            return None
        older = _older(lines[number])
        if older == lines[number]:
            given_up.add(number)
            older = _without(lines[number])
        lines[number] = older
    return None


def _older(line: str) -> str:
    """Return a line in the words of an older Python; the line itself where it has no newer ones."""
    if (found := _DEFINES.match(line)) is not None:
        after = _after_bracket(found["rest"])
        return found["head"] + after if after is not None else line
    if (found := _CATCHES.match(line)) is not None:
        return f"{found['head']}({found['kinds']}){found['rest']}"
    if (found := _ALIAS.match(line)) is not None:
        return f"{found['indent']}{found['name']} ={found['rest']}"
    return _TEMPLATE.sub(lambda prefix: prefix[0].replace("t", "f").replace("T", "f"), line)


def _after_bracket(text: str) -> str | None:
    """Return what follows the bracket that is open where `text` begins; None where it is not closed."""
    depth = 1
    for place, character in enumerate(text):
        depth += (character == "[") - (character == "]")
        if depth == 0:
            return text[place + 1 :]
    return None


def _without(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())].rstrip("\r\n")
    end = "\n" if line.endswith("\n") else ""
    opens = _OPENS.match(line)
    if opens is not None and opens[2] in ("elif", "else", "except", "finally", "case"):
        return f"{indent}{'else' if opens[2] in ('elif', 'else') else 'finally'}:{end}"
    return f"{indent}{'if _:' if opens is not None else 'pass'}{end}"
