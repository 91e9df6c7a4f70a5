"""What stands beside a service in its repository, and no user waits for: examples, docs, benchmarks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from holdfast.audit.finding import Confidence, Finding

__all__ = ["doubted", "is_beside"]

_FOLDER = re.compile(
    r"(.+[-_])?(examples?|samples?|demos?|benchmarks?|tutorials?|cookbooks?|playgrounds?|load_?tests?)|"
    r"docs?|docs_src|hack|tests?|testing|e2e|mocks?|fixtures",
    re.IGNORECASE,
)
"""Names of such folders; Kubernetes' projects keep their own tools in `hack`."""


def is_beside(path: str) -> bool:
    """Whether a path below the project's root lies in such a folder."""
    return any(_FOLDER.fullmatch(folder) for folder in path.split("/")[:-1])


def doubted(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings, those beside the service with low confidence."""
    for one in findings:
        yield replace(one, confidence=Confidence.LOW) if is_beside(one.file) else one
