"""What CI runs: a workflow of GitHub Actions from what the project has and what its budget says.

`project` reads how the project is installed, `servers` what its dependencies need, `workflow` makes the
document of both, and `text` is how that is written. Nothing here runs anything.
"""

from __future__ import annotations

from holdfast.ci.project import Project, read
from holdfast.ci.servers import Server, servers, unserved
from holdfast.ci.text import text
from holdfast.ci.workflow import Asked, workflow

__all__ = ["Asked", "Project", "Server", "read", "servers", "text", "unserved", "workflow"]
