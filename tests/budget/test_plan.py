from __future__ import annotations

import datetime
import io
import json
from collections.abc import Callable

from rich.console import Console

from holdfast.budget import Loaded
from holdfast.budget.derive.cores import Cores
from holdfast.budget.plan.document import Plan, plan
from holdfast.budget.plan.text import WIDTH, show

Load = Callable[..., Loaded]
TODAY = datetime.date(2026, 11, 20)


def planned(loaded: Loaded) -> Plan:
    return plan(loaded, today=TODAY, cores=Cores(2.0, "affinity"))[0]


def text(result: Plan) -> str:
    out = io.StringIO()
    show(result, Console(file=out, width=WIDTH, highlight=False))
    return out.getvalue()


def test_everything_decided(loaded: Load) -> None:
    result = planned(loaded())
    assert (result.exit_code, result.findings, result.missing) == (0, [], [])
    assert {number.provenance.kind for number in result.numbers} == {"source", "mechanism"}


def test_what_has_to_exist(loaded: Load) -> None:
    result = planned(loaded(text='[dependency.pay]\nkind = "http"\n[dependency.db]\nkind = "postgres"\n'))
    assert result.exit_code == 3
    assert {missing.path for missing in result.missing} == {
        "objective.availability",
        "objective.p99",
        "objective.throughput",
        "objective.recovery",
        "objective.without.pay",
        "traffic.peak",
        "dependency.pay.timeout.connect",
        "dependency.pay.timeout.total",
        "dependency.pay.breaker.window",
        "dependency.pay.breaker.failures",
        "dependency.pay.breaker.open",
        "dependency.pay.bulkhead",
        "dependency.pay.retry.attempts",
        "dependency.pay.retry.budget",
        "dependency.pay.fallback",
        "dependency.pay.headroom",
        "dependency.db.max_connections",
        "dependency.db.held",
        "deadline.default",
        "drain.announce",
    }


def test_each_missing_number_comes_with_its_question(loaded: Load) -> None:
    for missing in planned(loaded(text='[dependency.pay]\nkind = "http"\n')).missing:
        assert missing.question.endswith("?")
        assert missing.decides
        assert missing.options


def test_a_written_number_without_a_source_is_missing(loaded: Load) -> None:
    result = planned(loaded(('"*" = ', '"objective.*" = ')))
    assert result.exit_code == 3
    missing = {missing.path: missing for missing in result.missing}
    assert missing["traffic.peak"].written
    assert missing["traffic.peak"].reason == "no source says where it was decided"
    assert missing["traffic.peak"].place.endswith("holdfast.toml:15")
    assert "objective.p99" not in missing


def test_findings_come_before_what_is_missing(loaded: Load) -> None:
    result = planned(loaded(('open = "5s"', 'open = "10s"'), ('announce = "5s"\n', "")))
    assert result.exit_code == 1
    assert [missing.path for missing in result.missing] == ["drain.announce"]
    assert [finding.path for finding in result.findings] == ["dependency.payments.breaker.open"]


def test_a_loosened_objective_is_a_finding(loaded: Load) -> None:
    assert planned(loaded(environ={"HOLDFAST_OBJECTIVE__P99": "1s"})).exit_code == 1


def test_a_deferred_number_is_not_missing(loaded: Load) -> None:
    deferral = '"objective.recovery" = { reason = "no data", owner = "us", until = 2027-03-01 }'
    laid = ("[source]", f"[deferred]\n{deferral}\n\n[source]")
    result = planned(loaded(('recovery = "10s"\n', ""), laid))
    assert result.exit_code == 0
    assert "deferred: no data (until 2027-03-01: us)" in text(result)


def test_the_document_is_json_and_versioned(loaded: Load) -> None:
    document = json.loads(json.dumps(planned(loaded()).document(), allow_nan=False))
    assert list(document)[:2] == ["schema", "version"]
    assert (document["schema"], document["version"]) == ("holdfast.plan", 1)
    p99 = next(number for number in document["numbers"] if number["path"] == "objective.p99")
    assert (p99["value"], p99["text"], p99["unit"]) == (0.3, "300ms", "duration")
    assert p99["provenance"]["detail"] == "docs/numbers.md#all-of-them"
    assert p99["place"].endswith("holdfast.toml:8")
    limit = next(number for number in document["derived"] if number["path"] == "admission.limit")
    assert limit["inputs"]["traffic.peak"] == "200/s"


def test_the_text_fits_and_has_no_trailing_blanks(loaded: Load) -> None:
    for budget in (
        loaded(),
        loaded(text='[dependency.pay]\nkind = "http"\n'),
        loaded(('open = "5s"', 'open = "1m"')),
    ):
        for line in text(planned(budget)).splitlines():
            assert len(line) <= WIDTH
            assert line == line.rstrip()
            assert "\x1b" not in line


def test_the_text_says_what_matters(loaded: Load) -> None:
    lines = text(planned(loaded())).splitlines()
    assert any(line.split() == ["p99", "300ms", "docs/numbers.md#all-of-them", ":8"] for line in lines)
    assert any(line.split() == ["dependency.db.pool", "2", "connections", "a", "worker"] for line in lines)
    assert lines[-1].endswith(": everything is decided")
    broken = text(planned(loaded(('open = "5s"', 'open = "1m"'), ('announce = "5s"\n', ""))))
    assert "findings (" in broken
    assert "it is left alone for 1m, and objective.recovery promises 10s" in broken
    assert "not decided (1)" in broken
    assert "raises the questions as decision records" in broken


def test_an_empty_budget() -> None:
    from holdfast.budget import Budget

    result = planned(Loaded(Budget()))
    assert result.exit_code == 3
    assert text(result).startswith("(no name)")
