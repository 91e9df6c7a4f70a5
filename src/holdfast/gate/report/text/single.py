"""The terminal report of one result."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.text import Text

from holdfast.gate.report.cause import Family, causes
from holdfast.gate.report.judged import MARK, WORD, by_outcome, margin, sides
from holdfast.gate.report.quantity import NOTHING, count, delay, duration, rate, ratio, times
from holdfast.gate.report.text.paper import COLOUR, grid, heading, indented, numbered, show, words
from holdfast.gate.result import GateResult, Judgement, Phase

__all__ = ["banner", "render"]


def render(result: GateResult, console: Console) -> None:
    """Print the report of `result`."""
    parts: list[RenderableType] = [*banner(result), *_objectives(result), *_reasons(result), *_phases(result)]
    parts += [*_recoveries(result), *_stalls(result), *_dependencies(result), *_rest(result)]
    for part in parts:
        show(console, part)


def banner(result: GateResult, name: str = "") -> list[RenderableType]:
    """Return the verdict's lines."""
    decided = result.verdict
    colour = COLOUR[decided.outcome]
    line = Text.assemble(
        "\n",
        (f" {MARK[decided.outcome]} {WORD[decided.outcome]} ", f"bold reverse {colour}"),
        "  ",
        words(name or result.app, "bold"),
    )
    return [
        line,
        indented(words(decided.summary)),
        *([indented(words(f"Scale: {result.scale.statement}", "dim"))] if result.scale.statement else []),
    ]


def _objectives(result: GateResult) -> list[RenderableType]:
    if not result.judgements:
        return []
    rows = [_objective(each) for each in by_outcome(result)]
    table = grid(("", "Objective", ">Required", ">Measured"), rows)
    return [heading("Objectives"), indented(table)]


def _objective(judgement: Judgement) -> list[RenderableType]:
    required, measured = sides(judgement)
    colour = COLOUR[judgement.outcome]
    title = words(judgement.title)
    if judgement.phase:
        title.append_text(words(f", {judgement.phase}", "dim"))
    if distance := margin(judgement):
        title.append_text(words(f"\n{distance}", colour if judgement.outcome == "fail" else ""))
    for line in filter(None, (judgement.why, judgement.place, judgement.source)):
        title.append_text(words(f"\n{line}", "dim"))
    return [
        Text(f"{MARK[judgement.outcome]} {judgement.outcome}", style=colour),
        title,
        Text(required),
        Text(measured, style="bold" if judgement.outcome == "fail" else ""),
    ]


def _reasons(result: GateResult) -> list[RenderableType]:
    if not result.reasons:
        return []
    items = []
    for each in result.reasons:
        text = words(each.title, "bold")
        for line, style in ((each.detail, "not bold"), (each.place, "not bold cyan")):
            if line:
                text.append_text(words(f"\n{line}", style))
        items.append(text)
    return [heading("Why"), indented(numbered(items))]


def _phases(result: GateResult) -> list[RenderableType]:
    if not result.phases:
        return []
    rows = [_phase(number, each) for number, each in enumerate(result.phases, 1)]
    columns = ("Phase", ">Offered", ">Goodput", ">Good", ">p50", ">p99", "What went wrong")
    faults = [
        indented(words(f"fault in {number} {each.name}: {each.fault.detail}", "dim"))
        for number, each in enumerate(result.phases, 1)
        if each.fault
    ]
    return [heading("Phases"), indented(grid(columns, rows)), *faults]


def _phase(number: int, phase: Phase) -> list[RenderableType]:
    name = words(f"{number} {phase.name}")
    wrong = [each for each in causes(phase.outcomes) if each.family is not Family.ANSWERED]
    percentiles = phase.latency.percentiles
    return [
        name,
        Text(rate(phase.rate)),
        Text(rate(phase.goodput), style="bold"),
        Text(ratio(phase.good / phase.offered) if phase.offered else NOTHING),
        *(Text(duration(percentiles[key]) if key in percentiles else NOTHING) for key in ("p50", "p99")),
        words(", ".join(f"{each.name}: {count(each.count)}" for each in wrong) or NOTHING),
    ]


def _recoveries(result: GateResult) -> list[RenderableType]:
    if not result.recoveries:
        return []
    text = Text()
    for number, each in enumerate(result.recoveries):
        text.append("\n" if number else "").append_text(words(f"after {each.after}: "))
        if each.seconds is None:
            text.append("goodput did not come back within the run", style="red")
        else:
            text.append(f"goodput was back {delay(each.seconds, 'in')}")
    return [heading("Recovery"), indented(text)]


def _stalls(result: GateResult) -> list[RenderableType]:
    if not result.stalls:
        return [heading("Stalls of the event loop"), indented(Text("none seen", style="dim"))]
    rows = []
    for each in sorted(result.stalls, key=lambda stall: -stall.total):
        line = words(f"{each.file}:{each.line}", "cyan")
        line.append_text(words(f"\nin {each.function}" + (f", at {each.sink}" if each.sink else ""), "dim"))
        figures = (count(each.count), duration(each.total), duration(each.longest), count(each.victims))
        rows.append([line, words(each.route), *map(Text, figures)])
    columns = ("Line", "Route", ">Stalls", ">Blocked", ">Longest", ">Delayed")
    return [heading("Stalls of the event loop"), indented(grid(columns, rows))]


def _dependencies(result: GateResult) -> list[RenderableType]:
    if not result.dependencies:
        return []
    rows = []
    for each in result.dependencies:
        factor = words(times(each.amplification) if each.amplification is not None else NOTHING)
        if each.amplification is not None and each.amplification_phase:
            factor.append_text(words(f" ({each.amplification_phase})", "dim"))
        if each.proxied:
            proof = Text(
                "✓ wired" if each.wired else "? not proven", style="green" if each.wired else "yellow"
            )
        else:
            proof = Text("○ not behind the proxy", style="dim")
        if each.why:
            proof.append_text(words(f"\n{each.why}", "dim"))
        seen = (count(each.seen), NOTHING if each.attempted is None else count(each.attempted))
        figures = (*seen, count(each.direct)) if each.proxied else (NOTHING,) * 3
        rows.append([words(f"{each.name} ({each.kind})"), *map(Text, figures), factor, proof])
    columns = ("Dependency", ">Calls seen", ">Attempted", ">Past proxy", "Amplification", "Proof of wiring")
    return [heading("Dependencies"), indented(grid(columns, rows))]


def _rest(result: GateResult) -> list[RenderableType]:
    book, heard = result.ledger, result.noise
    entries = ("served", "refused", "shed", "failed", "cancelled", "never_accepted")
    total = " + ".join(f"{count(getattr(book, name))} {name.replace('_', ' ')}" for name in entries)
    ledger = Text()
    ledger.append(
        "✓ balances" if book.balanced else "✗ does not balance", style="green" if book.balanced else "red"
    )
    ledger.append(f": {count(book.sent)} sent = {total}")
    for problem in book.problems:
        ledger.append_text(words(f"\n{problem}", "red"))
    if book.not_sent:
        ledger.append(
            f"\n{count(book.not_sent)} of {count(book.scheduled)} scheduled were not sent by the driver"
        )
    noise = Text()
    noise.append(
        "✓ quiet enough" if heard.quiet else "? too noisy for latency",
        style="green" if heard.quiet else "yellow",
    )
    noise.append(f": sent {duration(heard.send_lag_p50)} (p50), {duration(heard.send_lag_p99)} (p99) ")
    noise.append(f"after the intended time; {ratio(heard.steal)} of the CPU taken by other guests")
    if heard.why:
        noise.append_text(words(f"\n{heard.why}", "dim"))
    return [
        *(heading("Ledger"), indented(ledger)),
        *(heading("Noise"), indented(noise)),
        *(heading("Run it again"), indented(words(result.reproduce, "cyan")), Text()),
    ]
