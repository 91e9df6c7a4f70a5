"""In how many processes a service runs, as far as the source and its settings say."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.beside import is_beside
from holdfast.audit.graph import value as v
from holdfast.audit.graph.infer import Inference
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.sites import sites
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.whole import Whole

__all__ = ["is_one_process"]


def is_one_process(whole: Whole) -> bool:
    """Whether the service is started by nothing but `uvicorn.run(app)`, which has one process for an object.

    A server's command line, or a workload of Kubernetes, may start more of them.
    """
    if whole.settings.workloads or any(_serves(one.command.server) for one in whole.settings.launches):
        return False
    starts: tuple[bool, ...] = whole.inference.queries.ask(("starts",), _starts, whole.inference)
    return bool(starts) and all(starts)


def _serves(server: str) -> bool:
    return server not in ("python", "celery")


def _starts(inference: Inference) -> tuple[bool, ...]:
    """Return for each start of a server in the program whether that is one process."""
    return tuple(_is_single(inference, call, place) for call, place in _runs(inference))


def _runs(inference: Inference) -> Iterator[tuple[Expression, Place]]:
    for number, module in enumerate(inference.program.modules):
        inference.reads(number, inside=True)
        if is_beside(module.path):
            continue
        for index, body in [(None, module.body), *((one.index, one.body) for one in module.functions)]:
            for site in sites(body):
                call = site.expression
                if call[0] == form.CALL and call[1] == (form.ATTR, (form.NAME, "uvicorn"), "run"):
                    yield call, Place(number, index)


def _is_single(inference: Inference, call: Expression, place: Place) -> bool:
    """Whether a call of `uvicorn.run` has an object for an app, and no word about workers but one."""
    app = call[2][0] if call[2] else call
    if app[0] not in (form.NAME, form.ATTR, form.CALL) or app is call:
        return False
    if any(one[0] == v.TEXT for one in inference.values(app, place)):
        return False
    return all(
        name is not None and (name != "workers" or value == (form.NUMBER, 1)) for name, value in call[3]
    )
