"""A rule that is asked about each module by itself finds what it finds in the whole."""

from __future__ import annotations

import marshal
import random

import pytest

from holdfast.audit.gathered import gathered
from holdfast.audit.part import Bits, Part
from holdfast.audit.rules.catalogue import RULES
from holdfast.audit.rules.rule import Rule
from tests.audit.edits import BY_MODULE, service
from tests.audit.project import whole

LOCAL = [rule for rule in RULES if rule.by_module or rule.code in BY_MODULE]
JOINING = [rule for rule in RULES if not rule.by_module]


def test_a_part_meets_its_own_and_may_ask_of_others() -> None:
    project = whole(service(random.Random(1)))
    bits = Bits(len(project.program.paths))
    number = project.program.paths.index("app/routes0.py")
    part = Part(project, number, bits)
    assert {key[0] for key, _ in part.program.functions()} == {number}
    assert {key[0] for key in part.reach.edges} == {number}
    assert {root.function[0] for root in part.roots} == {number}
    other = next(key for key in project.reach.edges if key[0] != number)
    assert part.reach.edges[other] == project.reach.edges[other]
    assert part.program.function(other) is project.program.function(other)
    assert part.reach.way(other) == project.reach.way(other)


def test_what_a_part_reads_is_noted() -> None:
    project = whole(service(random.Random(1)))
    assert project.served
    bits, queries = Bits(len(project.program.paths)), project.inference.queries
    other = next(key for key in project.reach.edges if key[0] != 0)
    part = Part(project, 0, bits)
    for read, bit in (
        (lambda: part.program.function(other), bits.text(other[0])),
        (lambda: part.reach.edges[other], bits.edges(other[0]) | bits.text(other[0])),
        (lambda: part.reach.entry(other), bits.ways(other[0])),
        (lambda: part.reach.leads.get(other), bits.leads(other[0])),
        (lambda: part.served, bits.served),
    ):
        queries.read = 0
        read()
        assert queries.read == bit


@pytest.mark.parametrize("rule", JOINING, ids=lambda rule: rule.code)
def test_a_rule_names_what_it_gathers(rule: Rule) -> None:
    project = whole({rule.file: rule.bad, "other.py": rule.good, **service(random.Random(3))})
    list(rule.find(project))
    assert project.answers.keys() <= set(rule.gathers)
    for question in rule.gathers:
        answers = gathered(project, question)
        assert len(answers) == len(project.program.paths)
        assert marshal.loads(marshal.dumps(answers)) == answers


@pytest.mark.parametrize("rule", LOCAL, ids=lambda rule: rule.code)
def test_rules_by_module_find_the_same_there(rule: Rule) -> None:
    project = whole({"main.py": rule.bad, "other.py": rule.good, **service(random.Random(2))})
    bits = Bits(len(project.program.paths))
    numbers = range(len(project.program.paths))
    apart = [one for number in numbers for one in rule.find(Part(project, number, bits))]
    together = list(rule.find(project))
    assert sorted(map(repr, apart)) == sorted(map(repr, together))
