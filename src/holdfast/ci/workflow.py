"""The workflow: three jobs, each with the rights that it needs, on machines of their own.

A load test wants its machine to itself, so that the audit and the comparison are jobs beside it and no steps
before it. Nothing that a stranger can choose, such as the name of a branch, is put into a command.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from holdfast.budget import Loaded
from holdfast.ci.project import Project
from holdfast.ci.servers import servers

__all__ = ["Asked", "workflow"]

Step = dict[str, Any]

_REPORT = "holdfast-report"
_MACHINE = "ubuntu-24.04"
_CHECKOUT = "actions/checkout@v6"
_PYTHON = "actions/setup-python@v6"
_UPLOAD = "actions/upload-artifact@v6"
_SARIF = "github/codeql-action/upload-sarif@v4"

_INSTALLED = "${{ !cancelled() && steps.install.outcome == 'success' }}"
# The token of a pull request from a fork may only read.
_OWN = "github.event.pull_request.head.repo.fork != true"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller decides: `app` where the budget does not name it, `budget` its file where it is not the
    one that is found, the `branch` whose pushes are gated, the `minutes` that a job may take, and whether
    findings go to code scanning.
    """

    app: str = ""
    budget: str = ""
    branch: str = "main"
    minutes: int = 30
    sarif: bool = True


def workflow(project: Project, loaded: Loaded, asked: Asked) -> dict[str, Any]:
    """Return the workflow for `project` by its budget, as the data of its YAML."""
    jobs = {"audit": _audit(project, loaded, asked), "gate": _gate(project, loaded, asked)}
    granted = loaded.budget.regression
    if any(share is not None for share in (granted.cpu, granted.p50, granted.p99)):
        jobs["compare"] = _compare(project, loaded, asked)
    return {
        "name": "holdfast",
        "on": {"push": {"branches": [asked.branch]}, "pull_request": {}},
        "permissions": {"contents": "read"},
        "concurrency": {
            "group": "${{ github.workflow }}-${{ github.ref }}",
            "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
        },
        "jobs": jobs,
    }


def _audit(project: Project, loaded: Loaded, asked: Asked) -> Step:
    file = f"{_REPORT}/audit.sarif"
    rights = {"contents": "read"}
    steps = [
        *_ready(project),
        {"name": "Numbers", "run": _command("plan", (), loaded, asked)},
        {
            "name": "Audit",
            "id": "audit",
            "if": _INSTALLED,
            "run": f"mkdir -p {_REPORT}\nholdfast audit --format sarif --out {file}\n",
        },
    ]
    if asked.sarif:
        # On a private repository the upload reads the run that it belongs to, hence `actions`.
        rights |= {"actions": "read", "security-events": "write"}
        steps.append(
            {
                "name": "Findings to code scanning",
                "if": f"${{{{ !cancelled() && {_OWN} && {_there(file)} }}}}",
                "uses": _SARIF,
                "with": {"sarif_file": file, "category": "holdfast"},
            }
        )
    steps.append(
        {
            "name": "Findings to the summary",
            "if": "${{ failure() && steps.audit.outcome == 'failure' }}",
            "run": 'holdfast audit --format markdown >> "$GITHUB_STEP_SUMMARY"',
        }
    )
    return {**_job(asked), "permissions": rights, "steps": steps}


def _gate(project: Project, loaded: Loaded, asked: Asked) -> Step:
    summary = f"{_REPORT}/gate.md"
    return {
        **_job(asked),
        **_beside(loaded),
        "steps": [
            *_ready(project),
            {"name": "Gate", "run": _command("gate", _app(asked), loaded, asked)},
            {
                "name": "Verdict to the summary",
                "if": f"${{{{ !cancelled() && {_there(summary)} }}}}",
                "run": f'cat {summary} >> "$GITHUB_STEP_SUMMARY"',
            },
            _kept("gate"),
        ],
    }


def _compare(project: Project, loaded: Loaded, asked: Asked) -> Step:
    # A pull request is checked out as its merge, whose first parent is the branch that it goes to.
    base = ["git worktree add ../base HEAD^1", "cd ../base", *_environment(project)]
    return {
        "if": "${{ github.event_name == 'pull_request' }}",
        **_job(asked),
        **_beside(loaded),
        "steps": [
            *_ready(project, depth=2),
            {"name": "Install the base", "run": _lines(base)},
            {"name": "Compare", "run": _command("compare", ("../base", *_app(asked)), loaded, asked)},
            _kept("compare"),
        ],
    }


def _job(asked: Asked) -> Step:
    return {"runs-on": _MACHINE, "timeout-minutes": asked.minutes}


def _ready(project: Project, *, depth: int = 1) -> list[Step]:
    """Return the steps up to an installed project, whose commands are then found."""
    checkout: Step = {"persist-credentials": False}
    if depth > 1:
        checkout["fetch-depth"] = depth
    found = 'echo "$PWD/.venv/bin" >> "$GITHUB_PATH"'
    return [
        {"uses": _CHECKOUT, "with": checkout},
        {"uses": _PYTHON, "with": {"python-version": project.python}},
        {"name": "Install", "id": "install", "run": _lines([*_environment(project), found])},
    ]


def _environment(project: Project) -> list[str]:
    """Return the lines that make an environment in .venv, where `holdfast compare` looks for it."""
    return ["python -m venv .venv", "source .venv/bin/activate", *project.install]


def _beside(loaded: Loaded) -> Step:
    """Return what runs beside a job, and the variables by which the service finds it; {} for nothing."""
    made, environ = servers(loaded)
    if not made:
        return {}
    containers: Step = {}
    for name, (server, port) in made.items():
        ready = f'--health-cmd "{server.ready}" --health-interval 2s --health-timeout 5s --health-retries 30'
        container: Step = {"image": server.image, "ports": [f"{port}:{server.port}"], "options": ready}
        containers[name] = container | ({"env": dict(server.environ)} if server.environ else {})
    return {"env": environ, "services": containers}


def _kept(job: str) -> Step:
    return {
        "name": "Keep the report",
        "if": "${{ !cancelled() }}",
        "uses": _UPLOAD,
        "with": {"name": f"holdfast-{job}", "path": _REPORT, "if-no-files-found": "ignore"},
    }


def _app(asked: Asked) -> tuple[str, ...]:
    return (asked.app,) if asked.app else ()


def _command(verb: str, words: tuple[str, ...], loaded: Loaded, asked: Asked) -> str:
    said = ["holdfast", verb, *words]
    if asked.budget:
        said += ["--budget", asked.budget]
    if loaded.environment:
        said += ["--env", loaded.environment]
    return shlex.join(said)


def _there(file: str) -> str:
    """Return the condition that `file` was written."""
    return f"hashFiles('{file}') != ''"


def _lines(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
