"""What functions lead to, however far away."""

from __future__ import annotations

from holdfast.audit.graph.leading import ASKS, BLOCKS, CALLS, leading
from tests.audit.project import whole


def test_what_a_callee_leads_to_its_callers_lead_to() -> None:
    links = [
        ((0, 0), ((0, (0, 1), "", "", ""), (1, (1, 0), "", "", ""))),
        ((0, 1), ((0, None, "time.sleep", "", ""),)),
        ((1, 0), ((0, None, "", "", "requests.get"), (1, (1, 1), "", "", ""))),
        ((1, 1), ((0, (1, 0), "", "", ""), (1, None, "", "sqlalchemy.orm.Session.execute", ""))),
        ((1, 2), ((0, (1, 3), "", "", ""),)),
        ((1, 3), ()),
    ]
    assert leading(links) == {
        (0, 0): BLOCKS | ASKS | CALLS,
        (0, 1): BLOCKS,
        (1, 0): ASKS | CALLS,
        (1, 1): ASKS | CALLS,
    }


def test_the_functions_of_a_program() -> None:
    project = whole(
        """
        import time
        from fastapi import FastAPI

        app = FastAPI()

        def wait():
            time.sleep(1)

        def through():
            wait()

        def count():
            return 1

        @app.get("/")
        async def root():
            count()
            through()
        """
    )
    names = {project.program.function(key).name: ends for key, ends in project.reach.leads.items()}
    assert names == {"wait": BLOCKS, "through": BLOCKS, "root": BLOCKS}
