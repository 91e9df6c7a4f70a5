from __future__ import annotations

import datetime
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.budget import Budget, Loaded
from holdfast.budget.adr import write
from holdfast.budget.derive.cores import Cores
from holdfast.budget.overlay import lay
from holdfast.budget.plan.document import plan
from holdfast.budget.source.check import source_findings
from holdfast.errors import UsageError

Load = Callable[..., Loaded]
TODAY = datetime.date(2026, 11, 20)

EXPECTED = """\
# 1. Decide objective.recovery

<!-- holdfast: objective.recovery -->
- Status: proposed
- Date: 2026-11-20
- Decides: engineering, with the on-call team

## Question

How soon after a fault or a burst has ended is everything as good as before?

## Why it matters

A service that stays down after its cause is gone needs people; one that recovers does not.

## Options

| Start with | When it fits | Source |
|---|---|---|
| `10s` | a breaker's sleep of 5 s, and as long again to settle | \
[Hystrix, Configuration](https://github.com/Netflix/Hystrix/wiki/Configuration) |
| `90s` | a breaker's wait of 60 s, and half of it to settle | \
[Resilience4j, CircuitBreaker](https://resilience4j.readme.io/docs/circuitbreaker) |
| defer it | a day until which it can wait, and who decides then | `[deferred]` |

## Evidence so far

None measured yet: `holdfast gate` measures it, and passes nothing until it is decided.

## Decision

*Open.* Say here which number was chosen, and why.

## In the budget

```toml
[objective]
recovery = "10s"
# recovery = "90s"

[source]
"objective.recovery" = "docs/adr/0001-decide-objective-recovery.md#decision"
```

Where a table is there already, only the line below its header is new.
"""


def raised(loaded: Loaded, folder: Path) -> list[Path]:
    _, missing = plan(loaded, today=TODAY, cores=Cores(2.0, "affinity"))
    return write(loaded, missing, folder, today=TODAY)


def test_a_candidate(loaded: Load, tmp_path: Path) -> None:
    (file,) = raised(loaded(('recovery = "10s"\n', "")), tmp_path / "docs" / "adr")
    assert file.name == "0001-decide-objective-recovery.md"
    assert file.read_text(encoding="utf-8") == EXPECTED


def test_it_takes_the_next_free_number(loaded: Load, tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "adr"
    folder.mkdir(parents=True)
    (folder / "0007-use-postgres.md").write_text("# 7. Use Postgres\n", encoding="utf-8")
    (folder / "README.md").write_text("# Decisions\n", encoding="utf-8")
    files = raised(loaded(('recovery = "10s"\n', ""), ('announce = "5s"\n', "")), folder)
    assert [file.name[:5] for file in files] == ["0008-", "0009-"]


def test_it_is_written_once(loaded: Load, tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "adr"
    budget = loaded(('recovery = "10s"\n', ""))
    (file,) = raised(budget, folder)
    renamed = file.rename(folder / "0001-how-soon-we-are-back.md")
    renamed.write_text(renamed.read_text(encoding="utf-8") + "\nnotes\n", encoding="utf-8")
    assert raised(budget, folder) == []
    assert renamed.read_text(encoding="utf-8").endswith("\nnotes\n")


def test_every_candidates_toml_can_be_pasted(tmp_path: Path, loaded: Load) -> None:
    budget = loaded(text='[dependency.pay]\nkind = "http"\n[dependency.db]\nkind = "postgres"\n')
    files = raised(budget, tmp_path / "docs" / "adr")
    assert len(files) == 20
    for file in files:
        pasted = tomllib.loads(file.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0])
        assert list(pasted.pop("source").values()) == [f"docs/adr/{file.name}#decision"]
        assert pasted
        Budget.model_validate(lay(pasted, budget.data))


def test_what_was_pasted_and_not_decided_is_found_out(loaded: Load, tmp_path: Path) -> None:
    (file,) = raised(loaded(('recovery = "10s"\n', "")), tmp_path / "docs" / "adr")
    pasted = loaded(('"*" = ', f'"objective.recovery" = "docs/adr/{file.name}#decision"\n"*" = '))
    (finding,) = source_findings(pasted, today=TODAY)
    assert finding.message == f"docs/adr/{file.name}#decision does not say 10s"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("*Open.*", "10 seconds: the breaker waits half of that."), encoding="utf-8")
    assert source_findings(pasted, today=TODAY) == []


def test_a_number_without_a_source(loaded: Load, tmp_path: Path) -> None:
    budget = loaded(
        ("[drain]", '[loop]\nstall = "50ms"\n[drain]'),
        ('"*" = ', '"objective.*" = '),
        ("[source]", "[source]"),
    )
    _, missing = plan(budget, today=TODAY)
    assert "loop.stall" in [number.path for number in missing]
    files = raised(budget, tmp_path / "adr")
    text = next(file for file in files if "loop-stall" in file.name).read_text(encoding="utf-8")
    assert "Where was loop.stall decided?" in text
    assert "The budget says 50ms (" in text
    assert 'stall = "' not in text, "it is in the budget already"


def test_a_folder_that_cannot_be(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(UsageError, match="taken: cannot write decision records: File exists"):
        raised(loaded(('recovery = "10s"\n', "")), tmp_path / "taken")
