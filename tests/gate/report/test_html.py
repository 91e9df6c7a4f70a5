from __future__ import annotations

import dataclasses
import re

import pytest

from holdfast.gate.report.html import render, render_comparison
from holdfast.gate.report.quantity import NOTHING, TIMES
from holdfast.gate.result import Latency, Series
from tests.gate.report import sample
from tests.gate.report.markup import Page
from tests.gate.report.mistakes import MISTAKES

SECTIONS = {
    "why",
    "goodput",
    "latency",
    "errors",
    "objectives",
    "recovery",
    "stalls",
    "dependencies",
    "percentiles",
    "routes",
    "ledger",
    "noise",
    "machine",
    "reproduce",
}
PAYLOADS = (
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>'",
    "<!--<script>",
    "]]>&lt;b&gt;",
    "javascript:alert(1)",
    "\x00\x1b[31m\udc80",
)


def both(**changes):
    results = {"fragile": sample.fragile(), "held": sample.held()} | changes
    return render_comparison(results, MISTAKES)


@pytest.mark.parametrize("make", [sample.fragile, sample.held, sample.empty])
def test_the_page_is_well_formed_and_its_ids_are_unique(make):
    page = Page(render(make()))
    assert len(page.identifiers) == len(set(page.identifiers))


def test_every_section_is_there_and_linked():
    page = Page(render(sample.fragile()))
    assert set(page.identifiers) >= SECTIONS
    links = {value for tag, name, value in page.attributes if tag == "a" and name == "href"}
    assert links == {f"#{section}" for section in SECTIONS}


def test_the_verdict_comes_first_with_what_failed_and_where_its_number_is_from():
    text = Page(render(sample.fragile())).text
    order = (
        "FAIL",
        "Scale:",
        "Availability",
        "61.3 ms",
        "422 ms",
        "required ≤ 300 ms",
        "41% over",
        "Why The",
    )
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "holdfast.toml:12" in text
    assert "reliability.md#objectives" in text


def test_values_of_every_part_appear():
    text = Page(render(sample.fragile())).text
    for words in (
        "45% of the peak of 400/s",
        "The loop stood still for 21.4 s in 214 stalls",
        "orders.py:41",
        "21.4 s",
        "3,120",
        f"2.9{TIMES}",
        "✓ wired",
        "payments answers 2 s late",
        "client timeout",
        "goodput did not come back within the run",
        "✗ not within the run",
        "✓ balances",
        "630 µs (p99)",
        "AMD EPYC 7B13",
        "0.163.2",
        "--seed 20261120",
        "objective p99 ≤ 300 ms",
    ):
        assert words in text, words


def test_a_percentile_that_no_sample_supports_is_not_shown():
    held = sample.held()
    assert not any("p99.9" in phase.latency.percentiles for phase in held.phases)
    without = dataclasses.replace(held, judgements=())
    assert "p99.9" not in render(without)
    phase = held.phases[1]
    many = dataclasses.replace(phase, latency=Latency(12_000, {"p50": 0.02, "p99.9": 0.1234}))
    text = Page(render(dataclasses.replace(without, phases=(many,)))).text
    assert "p99.9" in text
    assert "123 ms" in text


def test_the_page_loads_nothing_and_runs_only_its_own_script():
    page = Page(both())
    loading = {
        (tag, name) for tag, name, value in page.attributes if name in {"src", "srcset", "data", "action"}
    }
    assert loading == set()
    assert [value for tag, name, value in page.attributes if tag == "link" and name == "href"] == ["data:,"]
    assert not re.search(r"url\((?!#)", both())
    policy = next(value for _, name, value in page.attributes if name == "content" and "default-src" in value)
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy
    assert len(page.scripts) == 2


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_in_the_document_becomes_markup(payload):
    evil = [
        dataclasses.replace(
            each, **{name: f"{value}{payload}" for name, value in dataclasses.asdict(each).items()}
        )
        for each in MISTAKES
    ]
    clean = Page(both())
    page = Page(render_comparison({payload: sample.hostile(payload), "held": sample.held()}, evil))
    assert page.tags <= clean.tags
    assert len(page.scripts) == 2
    assert {name for _, name, _ in page.attributes} <= {name for _, name, _ in clean.attributes}
    assert not any(name.startswith("on") for _, name, _ in page.attributes)
    assert len(page.data) == 2


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_page_can_be_written_as_utf_8(payload):
    render(sample.hostile(payload)).encode("utf-8")


def test_a_reference_becomes_a_link_only_if_it_is_one():
    evil = dataclasses.replace(MISTAKES[0], reference="javascript:alert(1)")
    page = Page(render_comparison({"held": sample.held()}, [evil]))
    links = [value for tag, name, value in page.attributes if tag == "a" and name == "href"]
    assert not any(link.startswith("javascript") for link in links)
    assert "javascript:alert(1)" in page.text


def test_the_data_for_hovering_is_that_of_the_curves():
    result = sample.held()
    data = Page(render(result)).data
    assert len(data) == 1
    assert data[0]["t"] == list(result.series.t)
    assert len(data[0]["goodput"]["good"]) == len(result.series.t)
    assert data[0]["latency"]["p99"][0].endswith("ms")


def test_moments_without_an_answer_are_gaps():
    held = sample.held()
    series = dataclasses.replace(
        held.series, p50=(None,) * len(held.series.t), p99=(0.1, None) * (len(held.series.t) // 2)
    )
    page = Page(render(dataclasses.replace(held, series=series)))
    assert page.data[0]["latency"]["p50"][0] == NOTHING
    paths = [value for tag, name, value in page.attributes if tag == "path" and name == "d"]
    assert "" in paths
    assert any(path.count("h0.0001") == len(series.t) // 2 for path in paths)


def test_a_result_of_nothing_is_still_a_page():
    text = Page(render(sample.empty())).text
    for words in (
        "CANNOT TELL",
        "Nothing was sent",
        "nobody decided",
        "✗ does not balance",
        "nothing was sent",
    ):
        assert words in text, words


def test_a_single_bucket_without_latencies_draws():
    lone = Series(1.0, (0.0,), (0.0,), (0.0,), (0.0,), (0.0,), (None,), (None,))
    Page(render(dataclasses.replace(sample.empty(), series=lone)))


def test_forms_stand_side_by_side_on_the_same_axes():
    page = Page(both())
    ends = {value for _, name, value in page.attributes if name == "data-end"}
    assert len(ends) == 1
    assert [value for _, name, value in page.attributes if name == "data-result"] == ["0", "1", "0", "1"]
    assert len(page.identifiers) == len(set(page.identifiers))
    levels = re.findall(r'class="levels".*?</div>', both())
    assert levels[0] == levels[1]
    assert levels[2] == levels[3]


def test_the_comparison_names_both_verdicts_and_what_tells_them_apart():
    page = Page(both())
    assert set(page.identifiers) >= SECTIONS | {"scoreboard", "mistakes"}
    assert "shop: fragile fails, held passes" in page.text
    for words in ("not back", "27/s", "167/s", "30.5 s"):
        assert words in page.text, words


def test_each_mistake_is_shown_with_the_lines_that_mend_it():
    text = both()
    page = Page(text)
    for each in MISTAKES:
        assert f"mistake-{each.slug}" in page.identifiers
        assert each.title in page.text
        assert each.harm in page.text
    changed = re.findall(r'class="line (gone|new)">.*?</i>(.*?)</span>', text)
    assert ("gone", "    answer = requests.post(") in changed
    assert ("new", "    answer = await payments.post(") in changed
    assert not any("raise_for_status" in line for _, line in changed)


def test_a_comparison_of_unlike_runs_says_so():
    other = dataclasses.replace(sample.held(), seed=1)
    assert "Compare with care, the runs differ in: seed." in Page(both(held=other)).text
    assert "Compare with care" not in both()


def test_one_result_and_no_mistakes_compare_too():
    page = Page(render_comparison({"held": sample.held()}))
    assert "mistakes" not in page.identifiers
    with pytest.raises(ValueError, match="at least one"):
        render_comparison({})


def test_the_same_result_gives_the_same_page():
    assert render(sample.held()) == render(sample.held())


def test_a_recovery_of_no_time_reads_at_once():
    held = sample.held()
    back = dataclasses.replace(
        held, recoveries=tuple(dataclasses.replace(each, seconds=0.0) for each in held.recoveries)
    )
    page = render(back)
    assert "goodput back at once" in page
    assert "<b>at once</b>" in page
