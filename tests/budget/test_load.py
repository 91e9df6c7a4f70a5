"""Loading: what is found where, and one clear message with its place for everything that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.budget import Loaded, load
from holdfast.errors import BudgetError

Load = Callable[..., Loaded]
Write = Callable[..., Path]


def test_human_units_become_numbers(loaded: Load) -> None:
    budget = loaded().budget
    assert budget.objective.availability == 0.999
    assert budget.objective.p99 == 0.3
    assert budget.objective.route["POST /orders"].p99 == 0.8
    assert budget.objective.without == {"payments": 0.9}
    assert budget.traffic.peak == 200.0
    assert budget.traffic.request[1].body == "order.json"
    assert budget.traffic.request[1].needs == ("payments",)
    assert budget.dependency["payments"].timeout.connect == 0.1
    assert budget.dependency["db"].max_connections == 100


def test_what_nobody_decided_is_none(loaded: Load) -> None:
    budget = loaded().budget
    assert budget.objective.p50 is None
    assert budget.admission.limit is None
    assert budget.dependency["db"].timeout.total is None


def test_places(loaded: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    budget = loaded()
    assert budget.place("objective.p99") == "holdfast.toml:8"
    assert budget.place('objective.route."POST /orders".p99') == "holdfast.toml:11"
    assert budget.place("traffic.request[1].json") == "holdfast.toml:19"
    assert budget.place("dependency.payments.timeout.total") == "holdfast.toml:25"
    assert budget.place("objective.p50") == "holdfast.toml:6", "of a missing number, its table"
    assert budget.place("admission.limit") == "", "of a missing table, nothing"


def test_the_budget_is_frozen(loaded: Load) -> None:
    with pytest.raises(ValueError, match="frozen"):
        loaded().budget.objective.p99 = 1.0


def test_it_is_found_upwards(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write()
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert load(environ={}).path == path


def test_it_may_live_in_pyproject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text(
        '[project]\nname = "x"\n\n[tool.holdfast.objective]\np99 = "300ms"\n', encoding="utf-8"
    )
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "inner")
    found = load(environ={})
    assert found.budget.objective.p99 == 0.3
    monkeypatch.chdir(tmp_path)
    assert found.place("objective.p99") == "pyproject.toml:5"


def test_a_variable_names_the_file(write: Write) -> None:
    path = write()
    assert load(environ={"HOLDFAST_BUDGET": str(path)}).path == path
    assert load(path.parent, environ={}).path == path, "a folder stands for the file in it"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('p99 = "300ms"', 'p9 = "300ms"', "holdfast.toml:8: unknown key objective.p9; did you mean p99?"),
        ("[drain]", "[drian]", "holdfast.toml:41: unknown key drian; did you mean drain?"),
        (
            'p99 = "300ms"',
            "p99 = 300",
            'holdfast.toml:8: objective.p99: expected a duration, such as "300ms"',
        ),
        ('p99 = "300ms"', "p99 = [1]", "holdfast.toml:8: objective.p99: expected a duration"),
        ('p99 = "300ms"', 'p99 = "300ms', "holdfast.toml:8:13: not valid TOML: illegal character"),
        ("[traffic]", "[traffic", "holdfast.toml:14:9: not valid TOML: expected ']'"),
        ('"99.9%"', '"100%"', "holdfast.toml:7: objective.availability: expected an availability above 0%"),
        ('"99.9%"', '"110%"', "holdfast.toml:7: objective.availability: expected a share from 0% to 100%"),
        (
            'p99 = "300ms"',
            'p99 = "300ms"\np50 = "1s"',
            "holdfast.toml:9: objective: p50 (1s) is above p99 (300ms)",
        ),
        ("min = 2", "min = 9", "holdfast.toml:4: service.replicas: min (9) is above max (6)"),
        (
            "min = 2",
            "min = 0",
            "holdfast.toml:4: service.replicas.min: expected a whole number of at least 1",
        ),
        (
            'connect = "100ms"',
            'connect = "1s"',
            "holdfast.toml:25: dependency.payments.timeout: connect (1s) is not",
        ),
        ("burst = 2.0", "burst = 0.5", "holdfast.toml:16: traffic.burst: expected a factor of at least 1"),
        (
            'default = "2s"',
            'default = "200ms"',
            "holdfast.toml:8: objective.p99 (300ms) is above deadline.default (200ms)",
        ),
        (
            'default = "2s"',
            'default = "500ms"',
            'holdfast.toml:11: objective.route."POST /orders".p99 (800ms) is above deadline.default (500ms)',
        ),
        ('"50%"', '"0%"', "holdfast.toml:26: dependency.payments.breaker: failures is 0%"),
        (
            'default = "2s"',
            'default = "2s"\ncap = "1s"',
            "holdfast.toml:39: deadline: default (2s) is above cap (1s)",
        ),
        (
            'announce = "5s"',
            'announce = "5s"\ngrace = "5s"',
            "holdfast.toml:42: drain: announce (5s) is not below",
        ),
        (
            'recovery = "10s"',
            'recovery = "10ms"',
            "holdfast.toml:10: objective: recovery (10ms) is below p99",
        ),
        (
            'kind = "http"',
            'kind = "htp"',
            'dependency.payments.kind: expected one of "http", "postgres", "mysql", "sqlite"',
        ),
        ('kind = "http"\n', "", "holdfast.toml:22: dependency.payments lacks the key kind"),
        ("[dependency.payments]", '[dependency."pay ments"]', "expected a name of letters, digits"),
        (
            "PAYMENTS_URL",
            "payments url",
            "dependency.payments.url_env: expected the name of an environment variable",
        ),
        (
            'fallback = "503"',
            'fallback = "999"',
            "holdfast.toml:29: dependency.payments.fallback: expected a status",
        ),
        ('"POST /orders".p99', '"orders".p99', "objective.route.orders: expected a method and a path"),
        ("GET /products/{1..500}", "products", "traffic.request[0].send: expected a method and a path"),
        (
            "{1..500}",
            "{9..5}",
            'traffic.request[0].send: the range {9..5} in "GET /products/{9..5}" runs backwards',
        ),
        (
            "weight = 90",
            "wieght = 90",
            "holdfast.toml:18: unknown key traffic.request[0].wieght; did you mean weight?",
        ),
        (
            '"shop.main:app"',
            '"shop.main"',
            "holdfast.toml:3: service.app: expected a module and an attribute",
        ),
        ('name = "shop"', "name = 3", "holdfast.toml:2: service.name: expected text in quotes, got 3"),
        (
            'without.payments = "90%"',
            'without.mail = "90%"',
            'holdfast.toml:12: no dependency is named "mail"; known: payments, db',
        ),
        (
            '["payments"] }',
            '["mail"] }',
            'holdfast.toml:19: no dependency is named "mail"; known: payments, db',
        ),
        ("[drain]", '[sli]\nbad = ["6xx"]\n[drain]', 'holdfast.toml:42: sli.bad[0]: expected one of "2xx"'),
        (
            "[drain]",
            '[sli]\nexcluded = ["5xx"]\n[drain]',
            'holdfast.toml:42: sli: "5xx" is both bad and excluded',
        ),
        ("[drain]", "[sli]\nbad = 5\n[drain]", "holdfast.toml:42: sli.bad: expected a list, got 5"),
        (
            "[drain]",
            '[loop]\nstall = "60s"\n[drain]',
            "holdfast.toml:42: loop: stall (1m) is not below kill (30s)",
        ),
        ("[drain]", "admission = 3\n[drain]", "unknown key deadline.admission; did you mean admission?"),
        (
            "[env.ci.service]",
            "[env.ci]",
            "unknown key env.ci.replicas; did you mean env.ci.service.replicas?",
        ),
        (
            "surge = 0",
            "surge = -1",
            "holdfast.toml:45: env.ci.service.replicas.surge: expected a whole number",
        ),
        ("[env.ci.service]", "env = 3\n[x]", "unknown key"),
    ],
)
def test_one_clear_message_with_its_place(
    loaded: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BudgetError) as raised:
        loaded((old, new))
    assert message in str(raised.value)
    assert raised.value.place.startswith("holdfast.toml:")
    assert "\n" not in str(raised.value)


def test_several_mistakes_are_counted(loaded: Load) -> None:
    with pytest.raises(BudgetError, match=r"holdfast\.toml:2: .* \(and 1 more\)$"):
        loaded(('name = "shop"', "name = 3"), ('announce = "5s"', "announce = 5"))


@pytest.mark.parametrize(
    ("stand_in", "message"),
    [
        ('{ url = "http://h:{prot}" }', r'"\{prot\}" is not known here, expected \{port\} or \{dir\}'),
        ('{ url = "http://h:{port" }', "is not known here"),
        ('{ run = "x" }', "dependency.payments.stand_in lacks the key url"),
    ],
)
def test_stand_ins_name_only_what_is_filled_in(loaded: Load, stand_in: str, message: str) -> None:
    with pytest.raises(BudgetError, match=message):
        loaded(("bulkhead = 24", f"bulkhead = 24\nstand_in = {stand_in}"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match=r"none\.toml: no such file"):
        load(tmp_path / "none.toml", environ={})


def test_no_budget_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BudgetError, match=r"no holdfast\.toml and no \[tool\.holdfast\] in"):
        load(environ={})


def test_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.toml"
    path.write_bytes(b'[service]\nname = "\xff"\n')
    with pytest.raises(BudgetError, match="not UTF-8 at byte 18"):
        load(path, environ={})
    path.write_text("a = " + "[" * 5000, encoding="utf-8")
    with pytest.raises(BudgetError, match=r"nested too deeply|not valid TOML"):
        load(path, environ={})


def test_a_pyproject_without_a_budget(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("[project]\n", encoding="utf-8")
    with pytest.raises(BudgetError, match=r"has no table \[tool\.holdfast\]"):
        load(path, environ={})


def test_a_document_that_ends_too_early(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.toml"
    path.write_text("[service]\nreplicas = {", encoding="utf-8")
    with pytest.raises(BudgetError, match=r"holdfast\.toml:2:\d+: not valid TOML"):
        load(path, environ={})


def test_an_empty_budget_decides_nothing(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.toml"
    path.touch()
    assert load(path, environ={}).budget.objective.p99 is None
