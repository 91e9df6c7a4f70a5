"""What rules about uploads find beside their examples, and what only looks like it."""

from __future__ import annotations

import pytest

from tests.audit.rules.lookalikes.sample import codes

FOUND = {
    "HF801 called by one that asks something else": """
        async def kept(file: UploadFile): return await file.read()
        @app.post("/x")
        async def x(file: UploadFile):
            if not file.filename:
                raise ValueError
            return await kept(file)
    """,
    "HF801 with a default": """
        @app.post("/x")
        async def x(file: UploadFile = File(...)): return await file.read()
    """,
    "HF802 opened": """
        @app.post("/x")
        def x(file: UploadFile): return open(f"/tmp/{file.filename}", "wb")
    """,
}

NOT_FOUND = {
    "HF801 refused by its header before it is handed on": """
        async def kept(file: UploadFile): return await file.read()
        @app.post("/x")
        async def x(request, file: UploadFile):
            if int(request.headers["Content-Length"]) > 1000:
                raise ValueError
            return await kept(file)
    """,
    "HF801 refused by its size before it is handed on": """
        async def kept(file: UploadFile): return await file.read()
        @app.post("/x")
        async def x(file: UploadFile):
            if file.size > 1000:
                raise ValueError
            return await kept(file)
    """,
    "HF801 in pieces": """
        @app.post("/x")
        async def x(file: UploadFile):
            while await file.read(1024): ...
    """,
    "HF801 asked first": """
        @app.post("/x")
        async def x(file: UploadFile):
            if file.size > 1000:
                raise ValueError
            return await file.read()
    """,
    "HF801 asked afterwards": """
        @app.post("/x")
        async def x(file: UploadFile):
            content = await file.read()
            if len(content) > 1000:
                raise ValueError
    """,
    "HF801 checked for it": """
        def validate(file):
            if file.size > 1000:
                raise ValueError
        @app.post("/x")
        async def x(file: UploadFile):
            validate(file)
            return await file.read()
    """,
    "HF801 checked around it": """
        @app.post("/x")
        async def x(file: UploadFile):
            if file.size > 1000:
                raise ValueError
            async def read(): return await file.read()
            return await read()
    """,
    "HF801 a chunk": """
        @app.post("/x")
        async def upload_chunk(file: UploadFile): return await file.read()
    """,
    "HF801 a text": """
        import yaml
        @app.post("/x")
        async def x(file: UploadFile):
            content = await file.read()
            return yaml.safe_load(content)
    """,
    "HF802 wherever the client likes": """
        import os
        @app.post("/x")
        def x(folder: str, file: UploadFile): return os.path.join(folder, file.filename)
    """,
    "HF801 another read": """
        @app.post("/x")
        async def x(): return await Thing().read()
    """,
    "HF802 made safe": """
        import os
        @app.post("/x")
        def x(file: UploadFile): return open(os.path.join("x", os.path.basename(file.filename)))
    """,
    "HF802 only its ending": """
        from pathlib import Path
        @app.post("/x")
        def x(file: UploadFile): return open("x" + Path(file.filename).suffix)
    """,
    "HF802 another thing with a name": """
        @app.post("/x")
        def x(row: Row): return open(row.filename)
    """,
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    assert name.partition(" ")[0] in codes(FOUND[name])


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str) -> None:
    assert name.partition(" ")[0] not in codes(NOT_FOUND[name])
