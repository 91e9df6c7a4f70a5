"""Answers do not hang on what was asked first, and their traces say what they were made of."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest

from holdfast.audit.graph.queries import Queries, Trace
from holdfast.audit.graph.value import MADE, Values

EDGES: Mapping[str, str] = {"a": "b", "b": "ce", "c": "ad", "d": "c", "e": "", "f": "fa"}
"""Who asks whom; a, b, c and d go round."""


class Sums:
    """The answer to a name is its own value and all that the names give which it asks."""

    def __init__(self, edges: Mapping[str, str]) -> None:
        self.queries, self.edges = Queries(), edges
        self.worked = 0

    def ask(self, name: str) -> Values:
        return self.queries.ask(name, self.work, name)

    def work(self, name: str) -> Values:
        self.worked += 1
        self.queries.read |= 1 << "abcdef".index(name)
        if name == "e":
            self.queries.use("fact")
        found: set[tuple[str, str]] = {(MADE, name)}
        for other in self.edges[name]:
            found |= self.ask(other)
        return frozenset(found)


@pytest.mark.parametrize("order", list(itertools.permutations("abcdf"))[::7])
def test_a_circle_has_one_answer_whatever_is_asked_first(order: tuple[str, ...]) -> None:
    sums = Sums(EDGES)
    for name in order:
        sums.ask(name)
    for name in "abcd":
        assert sums.ask(name) == {(MADE, one) for one in "abcde"}
    assert sums.ask("f") == {(MADE, one) for one in "abcdef"}


def test_an_answer_is_worked_out_once() -> None:
    sums = Sums({"a": "bb", "b": "", "c": "", "d": "", "e": "", "f": ""})
    sums.ask("a")
    sums.ask("a")
    assert sums.worked == 2


def test_the_trace_of_a_circle_is_that_of_all_in_it() -> None:
    sums = Sums(EDGES)
    sums.ask("d")
    for name in "abcd":
        assert sums.queries.trace(name) == Trace(0b11111, frozenset({"fact"}))
    assert sums.queries.trace("e") == Trace(0b10000, frozenset({"fact"}))


def test_what_used_a_fact_is_forgotten_with_it() -> None:
    sums = Sums({"a": "be", "b": "", "c": "", "d": "", "e": "", "f": ""})
    sums.ask("a")
    sums.queries.forget(["fact"])
    sums.ask("a")
    assert sums.worked == 3 + 2


def test_an_error_leaves_nothing_open() -> None:
    queries = Queries()

    def fails() -> Values:
        raise ValueError("no answer")

    for _ in range(2):
        with pytest.raises(ValueError, match="no answer"):
            queries.ask("a", fails)
    assert queries.ask("a", lambda: frozenset({(MADE, "x")})) == {(MADE, "x")}


def test_questions_without_end_end() -> None:
    queries = Queries()

    def deeper(number: int) -> Values:
        return queries.ask(number, deeper, number + 1) | {(MADE, "x")}

    assert queries.ask(0, deeper, 1) == {(MADE, "x")}
