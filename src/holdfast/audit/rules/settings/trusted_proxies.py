"""HF966: whoever connects is believed about who the client is."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.settings.form import Launch
from holdfast.audit.whole import Whole

__all__ = ["RULE"]


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each command that trusts the proxy headers of everybody."""
    for launch in whole.settings.launches:
        if not launch.development and _trusts_all(launch):
            # Nobody but the proxy may be able to connect: the network decides that, and no file here says.
            yield stated(
                RULE,
                (launch.file, launch.line),
                "the headers that say who the client is are believed from everybody who connects",
                "Name the networks of the proxies: `--forwarded-allow-ips 10.0.0.0/8`",
                severity=Severity.MEDIUM,
                confidence=Confidence.LOW,
            )


def _trusts_all(launch: Launch) -> bool:
    given = launch.command.options.get(
        "forwarded-allow-ips", launch.environment.get("FORWARDED_ALLOW_IPS", "")
    )
    return given.strip("'\"") == "*"


RULE = Rule(
    code="HF966",
    name="any-proxy-trusted",
    what="The server believes X-Forwarded-For and X-Forwarded-Proto of everybody who connects.",
    why=(
        "Who can reach the service without the proxy says then who he is: rate limits, audit logs and "
        "allow-lists by address hold nobody back."
    ),
    limits="Low confidence: where only the proxy can connect, nothing is lost.",
    bad="""
FROM python:3.12-slim
CMD ["uvicorn", "main:app", "--proxy-headers", "--forwarded-allow-ips", "*"]
""",
    good="""
FROM python:3.12-slim
CMD ["uvicorn", "main:app", "--proxy-headers", "--forwarded-allow-ips", "10.0.0.0/8"]
""",
    find=find,
    file="Dockerfile",
)
