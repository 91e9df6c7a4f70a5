"""What was measured, put to what was found."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from holdfast.audit.evidence.impact import impacts
from holdfast.audit.evidence.match import same_route
from holdfast.audit.evidence.proof import Status
from holdfast.gate.result import Latency
from tests.audit.evidence.made import joined, log, project, said, stall
from tests.gate.report import sample


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path)


def test_a_stall_confirms_the_finding_whose_chain_ends_there(root: Path) -> None:
    found, proofs = joined(
        root, log(root, stall("/srv/shop/ledger.py", 6, "Ledger.settle", route="GET /slow"))
    )
    assert said(found, proofs)["shop/main.py:12"] == (
        "confirmed: 1 stall, 250 ms in all, the longest 250 ms, 3 requests delayed"
    )
    statuses = [proof.status for proof in proofs.proofs]
    assert statuses.count(Status.CONFIRMED) == 1
    assert proofs.unexplained == ()


def test_the_line_breaks_the_tie_of_two_calls_in_one_function(root: Path) -> None:
    found, proofs = joined(
        root,
        log(
            root, stall("main.py", 16, "twice"), stall("main.py", 17, "twice"), stall("main.py", 17, "twice")
        ),
    )
    words = said(found, proofs)
    assert words["shop/main.py:16"].startswith("confirmed: 1 stall,")
    assert words["shop/main.py:17"].startswith("confirmed: 2 stalls,")


def test_methods_of_one_name_are_told_apart_by_their_class(root: Path) -> None:
    found, proofs = joined(root, log(root, stall("shop/ledger.py", 10, "Vault.settle")))
    assert said(found, proofs)["shop/main.py:21"].startswith("confirmed")
    assert said(found, proofs)["shop/main.py:12"].startswith("unknown")


def test_a_stack_that_does_not_hold_the_loop_site_is_another_way(root: Path) -> None:
    elsewhere = stall(
        "shop/ledger.py",
        6,
        "Ledger.settle",
        stack=["shop/ledger.py:6 Ledger.settle", "shop/cron.py:3 nightly"],
    )
    _, proofs = joined(root, log(root, elsewhere))
    assert [one.place.function for one in proofs.unexplained] == ["Ledger.settle"]
    here = elsewhere | {"stack": ["shop/ledger.py:6 Ledger.settle", "/srv/shop/main.py:12 slow"]}
    _, proofs = joined(root, log(root, here))
    assert proofs.unexplained == ()


def test_what_a_heavy_loop_calls_is_its_doing(root: Path) -> None:
    (root / "shop" / "report.py").write_text(
        "from shop.main import app\n"
        "def score(x):\n    return x * x\n"
        "@app.get('/report')\nasync def report(amounts: list[int]):\n"
        "    return [sum(score(each) for each in amounts) for _ in range(5000)]\n"
    )
    stack = ["/srv/shop/report.py:3 score", "/srv/shop/report.py:6 report"]
    found, proofs = joined(root, log(root, stall("shop/report.py", 3, "score", stack=stack, cause="cpu")))
    assert said(found, proofs)["shop/report.py:6"].startswith("confirmed: 1 stall")
    (root / "raw.txt").write_text("report (shop/report.py:6);score (shop/report.py:3) 7\n")
    found, proofs = joined(root, root / "raw.txt")
    assert said(found, proofs)["shop/report.py:6"].startswith("confirmed: 7 of 7 samples")


def test_what_a_fix_saves_is_reckoned_from_the_stalls(root: Path) -> None:
    _, proofs = joined(
        root,
        log(
            root,
            stall("shop/ledger.py", 6, "Ledger.settle", duration=0.3, victims=4),
            stall("shop/ledger.py", 6, "Ledger.settle", duration=0.1, victims=0),
            stall("shop/other.py", 9, "unknown", duration=0.4),
        ),
    )
    (saving,) = [proof.saving for proof in proofs.proofs if proof.saving is not None]
    assert saving.seconds == pytest.approx(0.4)
    assert saving.share == pytest.approx(0.5)
    assert saving.waiting == pytest.approx(4 * 0.2)
    assert "2 stalls of 200 ms on average" in saving.how


def test_two_files_about_one_run_are_not_added_up(root: Path) -> None:
    one = stall("shop/ledger.py", 6, "Ledger.settle")
    found, proofs = joined(root, log(root, one), log(root, one, one, name="again.jsonl"))
    assert said(found, proofs)["shop/main.py:12"].startswith("confirmed: 2 stalls,")


def test_the_gate_says_what_ran_and_what_did_not(root: Path, tmp_path: Path) -> None:
    result = sample.held()
    routes = {"GET /slow": Latency(40, {}), "GET /vault/7": Latency(2, {})}
    phases = [dataclasses.replace(result.phases[0], routes=routes)]
    dataclasses.replace(result, phases=phases, stalls=[]).write(tmp_path / "gate.json")
    found, proofs = joined(root, tmp_path / "gate.json")
    words = said(found, proofs)
    assert (
        words["shop/main.py:12"] == "exercised: GET /slow was answered 40 times, and no stall was seen here"
    )
    assert words["shop/main.py:21"].startswith("exercised: GET /vault/{key} was answered 2 times")
    assert words["shop/main.py:16"] == ("not exercised: GET /twice was answered 0 of 42 times")
    assert [proof.hits for proof in proofs.proofs] == [
        {12: 40, 21: 2}.get(one.line, 0) for one in found.findings
    ]


@pytest.mark.parametrize(
    ("entry", "route", "same"),
    [
        ("GET /orders", "GET /orders", True),
        ("GET /orders/{key}", "GET /orders/7", True),
        ("GET /orders/{key}", "GET /orders/{order_id}", True),
        ("GET /{key}", "GET /api/v1/orders/{id}", True),
        ("GET /orders", "GET /api/orders?page=2", True),
        ("GET /orders", "POST /orders", False),
        ("GET /api/orders", "GET /orders", False),
        ("GET /orders", "GET /orders/7", False),
    ],
)
def test_a_routers_own_path_is_the_end_of_the_whole_one(entry: str, route: str, *, same: bool) -> None:
    assert same_route(entry, route) is same


def test_a_route_that_was_asked_for_and_never_answered_well_did_run(root: Path) -> None:
    result = sample.held()
    phases = [dataclasses.replace(result.phases[0], routes={"GET /slow": Latency(0, {})})]
    dataclasses.replace(result, phases=phases, stalls=[]).write(root / "gate.json")
    found, proofs = joined(root, root / "gate.json")
    assert (
        said(found, proofs)["shop/main.py:12"] == "exercised: GET /slow was asked for, and had no good answer"
    )


def test_a_profile_confirms_ran_and_did_not_run(root: Path) -> None:
    profile = root / "raw.txt"
    profile.write_text(
        "run (uvicorn/main.py:6);slow (shop/main.py:12);Ledger.settle (shop/ledger.py:6) 30\n"
        "run (uvicorn/main.py:6);slow (shop/main.py:12);Ledger.settle (shop/ledger.py:6);sleep (x.py:1) 10\n"
        "run (uvicorn/main.py:6);opened (shop/main.py:20);render (site-packages/jinja2/x.py:1) 10\n"
    )
    found, proofs = joined(root, profile)
    words = said(found, proofs)
    assert words["shop/main.py:12"] == "confirmed: 40 of 50 samples (80%) are in this call"
    assert (
        words["shop/main.py:21"] == "exercised: its function is on 1 distinct stack, and never in this call"
    )
    assert words["shop/main.py:16"] == "not exercised: its function is on none of 3 distinct stacks"


def test_the_cost_elsewhere_models_a_call_that_was_not_seen(root: Path) -> None:
    found, proofs = joined(root, log(root, stall("shop/ledger.py", 6, "Ledger.settle")))
    labels = {
        f"{one.file}:{one.line}": cost
        for one, cost in zip(found.findings, impacts(found.findings, proofs.proofs), strict=True)
    }
    assert labels["shop/main.py:12"]["label"] == "measured"
    assert labels["shop/main.py:16"]["label"] == "modelled"
    assert labels["shop/main.py:16"]["how"] == "time.sleep took 250 ms on average at shop/main.py:12"


def test_a_stall_without_a_finding_proposes_its_sink(root: Path) -> None:
    (root / "shop" / "jobs.py").write_text(
        "import acme\nfrom acme import pdf\n\nasync def job(x):\n    pdf.draw(x)\n"
    )
    stack = [
        "/usr/lib/python3.11/socket.py:718 SocketIO.readinto",
        "/v/lib/python3.11/site-packages/acme/net.py:4 Net.get",
    ]
    _, proofs = joined(
        root,
        log(
            root,
            stall("jobs.py", 5, "job", duration=0.2),
            stall(
                "other.py",
                5,
                "job",
                stack=[*stack, "/srv/shop/main.py:3 other"],
                duration=0.3,
                sink="socket.py:718 x",
            ),
            stall("gone.py", 1, "job", duration=0.1, cause="cpu"),
        ),
    )
    known, guessed, unknown = proofs.proposals
    assert known == '[[audit.sink]]\ncall = "acme.net.Net.get"\nkind = "network"'
    assert guessed.startswith('[[audit.sink]]\ncall = "acme.pdf.draw"\nkind = "network"  # or database')
    assert unknown == ""
