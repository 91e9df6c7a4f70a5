"""What is found is the same in every process, whatever the hashes of texts are there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import random
from tests.audit.edits import service
from tests.audit.project import whole
project = whole(service(random.Random(5)))
for key in sorted(project.reach.edges):
    for edge in project.reach.edges[key]:
        print(key, edge.site.line, edge.callee, edge.sink, edge.query, edge.remote, project.reach.entry(key))
for one in project.blocked:
    print([edge.site.line for edge in one.chain], one.root, len(one.others))
"""


def test_the_hashes_of_texts_do_not_matter() -> None:
    root = Path(__file__).resolve().parents[3]
    path = os.pathsep.join(filter(None, (str(root), str(root / "src"), os.environ.get("PYTHONPATH"))))
    printed = [
        subprocess.run(
            [sys.executable, "-c", CODE],
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert len(printed[0].splitlines()) > 20
    assert printed[0] == printed[1]
