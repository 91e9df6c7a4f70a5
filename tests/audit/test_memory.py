"""An audit with a memory finds what one without finds, whatever was edited in between."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.audit import audit
from holdfast.audit.rules.catalogue import RULES
from tests.audit.edits import BY_MODULE, Files, edited, service

RULES_HERE = [replace(rule, by_module=rule.by_module or rule.code in BY_MODULE) for rule in RULES]


def write(root: Path, files: Files, before: Files) -> None:
    for path in before.keys() - files.keys():
        (root / path).unlink()
    for path, text in files.items():
        if before.get(path) != text:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)


@pytest.mark.parametrize("seed", range(3))
def test_warm_is_cold(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    root, cache = tmp_path / "project", tmp_path / "cache"
    files: Files = {}
    now = service(rng)
    seen: set[str] = set()
    for _ in range(10):
        write(root, now, files)
        files = now
        warm = audit(root, RULES_HERE, cache=cache)
        assert warm == audit(root, RULES_HERE)
        seen |= {finding.rule for finding in warm.findings}
        now = edited(rng, files)
    assert {"HF101", "HF202"} <= seen
