"""A held service that takes uploads, what is sent to it, and sinks that do as they are told."""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, HTTPException

from holdfast import Holdfast
from holdfast.service.upload import Disk, Received, Sink

PNG = b"\x89PNG\r\n\x1a\n"
PDF = b"%PDF-1.7\n"

BUDGET = """
[service]
name = "test"
workers = 1
[upload.picture]
size = "1MiB"
files = 3
types = ["image/png", "text/plain"]
directory = "{directory}"
[upload.dump]
size = "16MiB"
files = 1
types = ["*"]
directory = "{directory}"
"""


class Service:
    """An app whose uploads go to `folder / "files"`, or to `sink`."""

    def __init__(self, folder: Path, sink: Sink | None = None) -> None:
        self.directory = folder / "files"
        file = folder / "holdfast.toml"
        file.write_text(BUDGET.format(directory=self.directory))
        self.app = app = FastAPI()
        self.hold = hold = Holdfast(app, budget=file)
        self.received: list[Received] = []
        self.go = asyncio.Event()
        picture: Any = hold.upload("picture", sink=sink)
        dump: Any = hold.upload("dump", sink=sink, raw=True)

        async def forbidden() -> None:
            raise HTTPException(403)

        @app.post("/pictures")
        async def pictures(files: picture) -> dict[str, Any]:
            self.received.append(files)
            return {"files": [file.name for file in files.files], "fields": dict(files.fields)}

        @app.put("/dump")
        async def put(files: dump) -> dict[str, Any]:
            self.received.append(files)
            return {"sha256": files.file.sha256, "size": files.file.size}

        @app.post("/fails")
        async def fails(files: picture) -> None:
            self.received.append(files)
            raise HTTPException(409, "not today")

        @app.post("/numbers/{number}")
        async def number(number: int, files: picture) -> None:
            self.received.append(files)

        @app.post("/closed", dependencies=[Depends(forbidden)])
        async def closed(files: picture) -> None:
            raise AssertionError("nobody comes here")

        @app.post("/waits")
        async def waits(files: picture) -> None:
            self.received.append(files)
            await self.go.wait()

    def left(self) -> list[str]:
        """Return what is in the directory."""
        return sorted(entry.name for entry in self.directory.iterdir()) if self.directory.exists() else []


def form(*parts: tuple[str, str | None, bytes]) -> tuple[str, bytes]:
    """Return the content type and the body of a form: name, filename (None: a field) and content of each."""
    body = bytearray()
    for name, filename, content in parts:
        file = "" if filename is None else f'; filename="{filename}"\r\nContent-Type: image/jpeg'
        body += f'--b0undary\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode()
        body += content + b"\r\n"
    return "multipart/form-data; boundary=b0undary", bytes(body) + b"--b0undary--\r\n"


class Remembering(Disk):
    """A disk that is told what to do: `error` is raised by every write from the `after`th on; `gate` holds
    writes up until it is set."""

    def __init__(self, directory: Path, *, error: OSError | None = None, after: int = 0) -> None:
        super().__init__(directory)
        self.error = error
        self.after = after
        self.blocks: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def open(self, name: str, media_type: str) -> Any:
        writing = await super().open(name, media_type)
        return _Told(self, writing)


class _Told:
    def __init__(self, sink: Remembering, writing: Any) -> None:
        self.sink = sink
        self.writing = writing

    async def write(self, data: bytes) -> None:
        self.sink.blocks.append(len(data))
        await self.sink.gate.wait()
        if self.sink.error is not None and len(self.sink.blocks) > self.sink.after:
            raise self.sink.error
        await self.writing.write(data)

    async def commit(self) -> str:
        location: str = await self.writing.commit()
        return location

    async def discard(self) -> None:
        await self.writing.discard()


def in_pieces(data: bytes, size: int) -> Iterable[bytes]:
    """Return `data` in pieces of `size`."""
    return (data[start : start + size] for start in range(0, len(data), size))


if folder := os.environ.get("UPLOADS_FOLDER"):  # a process of its own, to be killed
    app = Service(Path(folder)).app
