"""HF961: the service is started with automatic reloading."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.calls import calls, keyword
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.settings.form import Launch
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_MESSAGE = "the service is started with automatic reloading: one process, which watches every file"
_FIX = "Start it without `--reload`; set that in a file for development only"
_SERVERS = frozenset({"uvicorn", "gunicorn", "hypercorn", "granian", "fastapi", "holdfast"})


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each start of a server that reloads."""
    # Where another image starts the service as well, and does not reload, that is the one for production.
    others = any(
        one.command.server in _SERVERS and "reload" not in one.command.options and not one.development
        for one in whole.settings.launches
        if one.origin != "compose"
    )
    for launch in whole.settings.launches:
        if launch.development:
            continue
        options = launch.command.options
        if "reload" in options:
            ignored = ", and its workers are ignored" if "workers" in options else ""
            # A compose file is as often for development as not, and does not say.
            sure = Confidence.LOW if launch.origin == "compose" or others else Confidence.HIGH
            place = (launch.file, launch.line)
            yield stated(RULE, place, _MESSAGE + ignored, _FIX, severity=Severity.HIGH, confidence=sure)
        elif launch.command.server == "python":
            yield from _in_program(whole, launch, Confidence.LOW if others else Confidence.HIGH)


def _in_program(whole: Whole, launch: Launch, sure: Confidence) -> Iterator[Finding]:
    """Yield a finding for `uvicorn.run(..., reload=True)` in the program that is started."""
    wanted = launch.command.options.get("module", "").replace(".", "/")
    names = (launch.command.app, f"{wanted}.py", f"{wanted}/__main__.py")
    for number, path in enumerate(whole.program.paths):
        if not any(len(name) > len(".py") and f"/{path}".endswith(f"/{name}") for name in names):
            continue
        module = whole.program.modules[number]
        places: list[FunctionKey | int] = [number, *((number, one.index) for one in module.functions)]
        for where in places:
            for site in calls(whole, where, {"run"}):
                reloads = keyword(site.expression, "reload") == (form.CONST, True)
                if reloads and "uvicorn.run" in whole.named(site.expression[1], where):
                    place = (path, site.line)
                    sure = Confidence.LOW if _is_for_development(site.expression) else sure
                    yield stated(RULE, place, _MESSAGE, _FIX, severity=Severity.HIGH, confidence=sure)


def _is_for_development(call: Expression) -> bool:
    """Whether a start takes what it is given from what is named after development: `port=DEV_PORT`."""
    return any("dev" in word(part).lower().split("_") for part in parts(call))


RULE = Rule(
    code="HF961",
    name="reload-in-production",
    what="The command that starts the service reloads it when a file changes.",
    why=(
        "A reloading server is one process that watches the file system and restarts in the middle of "
        "requests when a file changes; it ignores the number of workers. It is made for a developer's desk."
    ),
    limits=(
        "Reads Dockerfiles, Procfiles, compose files and the scripts that they start. Files and stages whose "
        "names speak of development are left out; in other compose files the confidence is low."
    ),
    bad="""
FROM python:3.12-slim
COPY . /app
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--reload"]
""",
    good="""
FROM python:3.12-slim
COPY . /app
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--workers", "4"]
""",
    find=find,
    file="Dockerfile",
)
