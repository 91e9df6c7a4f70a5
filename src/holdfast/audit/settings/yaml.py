"""YAML with the line of every node. Nothing is constructed from its tags, and aliases are not unfolded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from holdfast.audit.source.form import Trouble

__all__ = ["Node", "documents"]


class Node:
    """A value of a document. What is not there is an empty one, so that paths can be followed."""

    __slots__ = ("_node",)

    def __init__(self, node: Any = None) -> None:
        self._node = node

    def __bool__(self) -> bool:
        return self._node is not None

    def __getitem__(self, key: str) -> Node:
        """Return the value of a mapping's key."""
        return next((value for name, value in self.items() if name.text == key), Node())

    def __iter__(self) -> Iterator[Node]:
        """Iterate over the elements of a sequence."""
        if self._kind() == "SequenceNode":
            for one in self._node.value:
                yield Node(one)

    def values(self) -> Iterator[Node]:
        """Yield the values of a mapping."""
        return (value for _, value in self.items())

    def items(self) -> Iterator[tuple[Node, Node]]:
        """Yield the keys and values of a mapping."""
        if self._kind() == "MappingNode":
            for key, value in self._node.value:
                yield Node(key), Node(value)

    @property
    def text(self) -> str:
        """A scalar as it is written; "" for anything else."""
        return str(self._node.value) if self._kind() == "ScalarNode" else ""

    @property
    def number(self) -> float | None:
        """A scalar as a number; None where it is none."""
        try:
            return float(self.text)
        except ValueError:
            return None

    @property
    def line(self) -> int:
        """Where it begins, from 1; 0 for what is not there."""
        return self._node.start_mark.line + 1 if self._node is not None else 0

    @property
    def words(self) -> tuple[str, ...]:
        """The scalars of a sequence."""
        return tuple(one.text for one in self)

    def _kind(self) -> str:
        return type(self._node).__name__


def documents(text: str) -> list[Node] | Trouble:
    """Return the documents of a stream, or why they cannot be read."""
    try:
        import yaml
    except ImportError:
        return Trouble(0, 'not read: YAML needs `pip install "holdfast[audit]"`')
    try:
        # Not the faster loader in C: a text of brackets takes its stack, and the process with it.
        return [Node(one) for one in yaml.compose_all(text, Loader=yaml.SafeLoader) if one is not None]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 0
        return Trouble(line, f"not valid YAML: {error.problem}")
    except RecursionError:
        return Trouble(0, "not read: nested too deeply")
    except (yaml.YAMLError, ValueError) as error:
        return Trouble(0, f"not valid YAML: {str(error).partition(chr(10))[0]}")
