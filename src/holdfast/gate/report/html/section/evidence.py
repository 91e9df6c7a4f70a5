"""What the verdict rests on: the ledger, the noise of the machine, the machine, and how to run it again."""

from __future__ import annotations

from holdfast.gate.report.cause import Family
from holdfast.gate.report.html.chart.pattern import swatch
from holdfast.gate.report.html.chart.stack import stack
from holdfast.gate.report.quantity import count, duration, plural, ratio
from holdfast.gate.result import GateResult
from holdfast.page.markup import Child, Markup, element

__all__ = ["ledger", "machine", "noise", "reproduce"]

ENTRIES = (
    ("served", "served", Family.ANSWERED),
    ("refused", "refused at the door", Family.SHED),
    ("shed", "shed by the guard", Family.DEADLINE),
    ("failed", "failed", Family.SERVER_ERROR),
    ("cancelled", "given up by the client", Family.TIMEOUT),
    ("never_accepted", "never accepted", Family.CONNECTION),
)


def ledger(result: GateResult) -> Markup:
    """Return the sum that has to balance, as a bar and as figures."""
    book = result.ledger
    entries = [(getattr(book, field), words, family) for field, words, family in ENTRIES]
    whole = max(sum(number for number, _, _ in entries), book.sent, 1)
    parts = [(number / whole, family, f"{words}: {count(number)}") for number, words, family in entries]
    verdict = (
        element("span", "✓ balances", class_="badge pass")
        if book.balanced
        else element("span", "✗ does not balance", class_="badge fail")
    )
    terms: list[Child] = [
        element("li", swatch(family), element("b", count(number)), f" {words}")
        for number, words, family in entries
    ]
    return element(
        "div",
        element(
            "p", element("b", count(book.sent)), " sent of ", count(book.scheduled), " scheduled ", verdict
        ),
        stack(parts, "the ledger as a bar"),
        element("ul", terms, class_="terms"),
        element("p", f"{count(book.not_sent)} not sent by the driver", class_="quiet")
        if book.not_sent
        else None,
        element("ul", [element("li", each) for each in book.problems], class_="problems")
        if book.problems
        else None,
        class_="ledger",
    )


def noise(result: GateResult) -> Markup:
    """Return whether the machine was quiet enough to measure latency."""
    heard = result.noise
    median, tail = duration(heard.send_lag_p50), duration(heard.send_lag_p99)
    badge = ("✓ quiet enough", "pass") if heard.quiet else ("? too noisy for latency", "cannot-tell")
    return element(
        "dl",
        _entry("Machine", element("span", badge[0], class_=f"badge {badge[1]}"), heard.why),
        _entry("Sent later than intended", f"{median} (p50)", f"{tail} (p99)"),
        _entry("CPU taken by other guests", ratio(heard.steal)),
    )


def machine(result: GateResult) -> Markup:
    """Return where it was measured, at which scale, and what was installed."""
    where, scale = result.machine, result.scale
    versions = [
        element("li", element("span", name), " ", version) for name, version in where.versions.items()
    ]
    return element(
        "dl",
        _entry(
            "Processor",
            where.cpu or "unknown",
            f"{plural(where.cores, 'core')}{f', kernel {where.kernel}' if where.kernel else ''}",
        ),
        _entry(
            "Service",
            f"{plural(scale.workers, 'worker')}, {plural(scale.replicas, 'replica')}",
            f"{scale.cores:g} cores granted",
        ),
        _entry("Versions", element("ul", versions, class_="versions")) if versions else None,
    )


def reproduce(result: GateResult) -> Markup:
    """Return the command that runs the same gate again."""
    return element("pre", element("code", result.reproduce), class_="command")


def _entry(term: str, *values: Child) -> Markup:
    return element("div", element("dt", term), [element("dd", value) for value in values if value])
