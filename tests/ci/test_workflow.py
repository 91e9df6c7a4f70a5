"""The workflow, held against GitHub's schema and against what it must never do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast.budget import Loaded, load
from holdfast.ci import Asked, Project, servers, text, unserved, workflow

PROJECT = Project("3.12", ("pip install .",))
REGRESSION = '[regression]\ncpu = "15%"\n'
DEPENDENCIES = """
[dependency.db]
kind = "postgres"
url_env = "DATABASE_URL"
[dependency.reader]
kind = "postgres"
url_env = "READER_URL"
replica = { of = "db", lag = "2s" }
[dependency.other-db]
kind = "postgres"
url_env = "OTHER_URL"
[dependency.cache]
kind = "redis"
url_env = "REDIS_URL"
[dependency.orders]
kind = "mysql"
url_env = "MYSQL_URL"
[dependency.events]
kind = "rabbitmq"
url_env = "AMQP_URL"
[dependency.payments]
kind = "http"
url_env = "PAYMENTS_URL"
[dependency.stood-in]
kind = "redis"
url_env = "STOOD_IN_URL"
stand_in = { run = "redis-server --port {port}", url = "redis://127.0.0.1:{port}" }
[env.ci.service]
workers = 1
"""
VARIANTS = {
    "plain": ("", Asked()),
    "everything": (REGRESSION + DEPENDENCIES, Asked("a:app", "config/a b.toml", "trunk", 45)),
    "no sarif": (REGRESSION, Asked(sarif=False)),
}


def budget(folder: Path, written: str) -> Loaded:
    (folder / "holdfast.toml").write_text(f'[service]\napp = "shop:app"\n{written}')
    environment = "ci" if "[env.ci" in written else None
    return load(folder / "holdfast.toml", environment=environment, environ={})


def made(folder: Path, variant: str) -> dict[str, Any]:
    written, asked = VARIANTS[variant]
    document: dict[str, Any] = yaml.safe_load(text(workflow(PROJECT, budget(folder, written), asked)))
    return document


def steps(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in document["jobs"].values():
        yield from job["steps"]


def test_it_is_one_by_githubs_schema(tmp_path: Path) -> None:
    files = []
    for name, (written, asked) in VARIANTS.items():
        files.append(tmp_path / f"{name}.yml")
        files[-1].write_text(text(workflow(PROJECT, budget(tmp_path, written), asked)))
    broken = tmp_path / "broken.yml"
    broken.write_text(files[0].read_text().replace("runs-on", "runs_on"))
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    ended = [
        subprocess.run([*check, *map(str, each)], capture_output=True, text=True, check=False, timeout=120)
        for each in (files, [broken])
    ]
    assert [each.returncode for each in ended] == [0, 1], [each.stdout + each.stderr for each in ended]


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_written_is_what_was_meant(tmp_path: Path, variant: str) -> None:
    written, asked = VARIANTS[variant]
    assert made(tmp_path, variant) == workflow(PROJECT, budget(tmp_path, written), asked)


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_takes_no_more_than_it_needs(tmp_path: Path, variant: str) -> None:
    document = made(tmp_path, variant)
    assert document["permissions"] == {"contents": "read"}
    rights = {name: job.get("permissions") for name, job in document["jobs"].items()}
    sarif = {"actions": "read", "security-events": "write"} if VARIANTS[variant][1].sarif else {}
    assert rights.pop("audit") == {"contents": "read", **sarif}
    assert set(rights.values()) == {None}
    assert all(job["timeout-minutes"] == VARIANTS[variant][1].minutes for job in document["jobs"].values())
    for step in steps(document):
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert step["uses"].partition("@v")[2].isdecimal()
        if "checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


def test_each_verb_is_told_the_same(tmp_path: Path) -> None:
    runs = [step["run"] for step in steps(made(tmp_path, "everything")) if "run" in step]
    told = "--budget 'config/a b.toml' --env ci"
    assert f"holdfast plan {told}" in runs
    assert f"holdfast gate a:app {told}" in runs
    assert f"holdfast compare ../base a:app {told}" in runs


def test_builds_are_compared_on_pull_requests_where_something_is_granted(tmp_path: Path) -> None:
    assert "compare" not in made(tmp_path, "plain")["jobs"]
    job = made(tmp_path, "everything")["jobs"]["compare"]
    assert job["if"] == "${{ github.event_name == 'pull_request' }}"
    assert job["steps"][0]["with"]["fetch-depth"] == 2  # the merge and its first parent
    (base,) = [step["run"] for step in job["steps"] if step.get("name") == "Install the base"]
    assert base.splitlines()[:2] == ["git worktree add ../base HEAD^1", "cd ../base"]
    assert "pip install ." in base


def test_servers_are_started_for_what_has_no_stand_in(tmp_path: Path) -> None:
    job = made(tmp_path, "everything")["jobs"]["gate"]
    assert {name: each["ports"] for name, each in job["services"].items()} == {
        "db": ["5432:5432"],
        "other-db": ["5433:5432"],
        "cache": ["6379:6379"],
        "orders": ["3306:3306"],
        "events": ["5672:5672"],
    }
    assert job["env"]["READER_URL"] == job["env"]["DATABASE_URL"]
    assert ":5433/" in job["env"]["OTHER_URL"]
    assert not {"PAYMENTS_URL", "STOOD_IN_URL"} & job["env"].keys()
    assert "services" not in made(tmp_path, "plain")["jobs"]["gate"]


def test_what_nothing_stands_in_for_is_told(tmp_path: Path) -> None:
    (line,) = unserved(budget(tmp_path, DEPENDENCIES))
    assert "dependency payments has no stand_in" in line
    assert "PAYMENTS_URL" in line
    assert servers(budget(tmp_path, "")) == ({}, {})
