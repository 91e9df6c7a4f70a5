"""[log]: where log lines go as JSON, and how many of them."""

from __future__ import annotations

from typing import Annotated, Literal

from holdfast.budget.metadata import Decision, Fact, Mechanism, Option
from holdfast.budget.model.references import (
    DOCKER_LINE,
    OTEL_BATCH_LOGS,
    OWASP_LOGGING,
    TWELVE_FACTOR_LOGS,
    ZAP_SAMPLING,
)
from holdfast.budget.model.section import Section
from holdfast.budget.units import Bytes, Count, Rate

__all__ = ["Log"]


class Log(Section):
    """Where log lines go as JSON, and how many of them."""

    sink: Annotated[
        Literal["stdout", "stderr", "off"] | None,
        Decision(
            "Where do the service's log lines go as JSON?",
            "Lines with the ids of request and trace can be searched, and they never hold up the event loop. "
            "Without a decision logging stays as the app has set it up; its own handlers stay in any case.",
            "whoever collects the logs",
            (
                Option('"stdout"', "containers: the platform collects the stream", TWELVE_FACTOR_LOGS),
                Option('"stderr"', "a service whose standard output is something else", TWELVE_FACTOR_LOGS),
                Option('"off"', "the app writes JSON already", OWASP_LOGGING),
            ),
        ),
    ] = None
    queue: Annotated[
        Count,
        Mechanism(
            "Lines that wait for the sink at most; what comes then is lost and counted.", OTEL_BATCH_LOGS
        ),
    ] = 2048
    flood: Annotated[
        Rate,
        Mechanism("Lines of one message of one logger; more are left out and counted.", ZAP_SAMPLING),
    ] = 100.0
    longest: Annotated[
        Bytes,
        Mechanism("The length at which a message or a traceback is cut in the middle.", DOCKER_LINE),
    ] = 16 * 1024
    redact: Annotated[
        tuple[str, ...],
        Fact('Names of secrets besides those that are known ("password", "token", ...), such as "iban".'),
    ] = ()
