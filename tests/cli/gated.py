"""A tiny service with a budget in a folder of its own, and `holdfast` commands on it as processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

HELD = """\
from fastapi import FastAPI
from holdfast import Holdfast, errors

app = FastAPI()
hold = Holdfast(app)
entries = hold.http("entries")


@app.get("/items/{item}")
async def item(item: int) -> dict[str, int]:
    return {"item": item}


@app.post("/entries")
async def entry(body: dict[str, int]) -> dict[str, str]:
    try:
        answer = await entries.post("/entries", json=body)
    except errors.DependencyUnavailable:
        return {"entered": "later"}
    return {"entered": str(answer.status_code)}
"""

BARE = """\
import os, urllib.request
from fastapi import FastAPI

app = FastAPI()


@app.get("/items/{item}")
async def item(item: int) -> dict[str, int]:
    return {"item": item}


@app.post("/entries")
def entry(body: dict[str, int]) -> dict[str, int]:
    for attempt in range(3):
        try:
            with urllib.request.urlopen(os.environ["ENTRIES_URL"], b"{}", timeout=1) as answer:
                return {"entered": answer.status}
        except OSError:
            continue
    raise RuntimeError("no entry")
"""

STAND_IN = """\
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Entries(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *words):
        pass


ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Entries).serve_forever()
"""

BUDGET = """\
[service]
name = "tiny"
app = "app:app"
workers = 1
replicas = { min = 1, max = 1, surge = 0 }

[objective]
availability = "95%"
p99 = "1500ms"
throughput = "40/s"
recovery = "3s"
without.entries = "90%"

[traffic]
peak = "100/s"
request = [
  { send = "GET /items/{1..50}", weight = 4 },
  { send = "POST /entries", json = { amount = 1 }, weight = 1, needs = ["entries"] },
]

[dependency.entries]
kind = "http"
url_env = "ENTRIES_URL"
stand_in = { run = "python stand_in.py {port}", url = "http://127.0.0.1:{port}" }
timeout = { connect = "300ms", total = "600ms" }
breaker = { window = "5s", failures = "50%", open = "1s" }
bulkhead = 20
retry = { attempts = 2, budget = "20%" }
fallback = "entered later"
headroom = "200/s"

[admission]
limit = 32
queue = 32
wait = "100ms"

[deadline]
default = "3s"

[drain]
announce = "0s"

[source]
"*" = "numbers.md#numbers"
"""

NUMBERS = """\
# Numbers

1 worker, 1 replica, no surge: 0. 95% are good, p99 within 1500 ms, 40/s are kept, back after 3 s, and 90%
without entries. 100/s at the peak. Entries: 300 ms to connect, 600 ms in all; a window of 5 s, 50% failures,
open for 1 s, 20 at a time, 2 attempts, 20% retries, 200/s of headroom. At the door 32 and 32 more, 100 ms.
A deadline of 3 s, announced for 0 s.
"""


@dataclass
class Ended:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


@dataclass
class Folder:
    """The service's files; `mark` is in the environment of every process that is started here."""

    path: Path
    mark: str = field(default_factory=lambda: f"HOLDFAST_TEST_MARK={uuid.uuid4().hex}")

    def __post_init__(self) -> None:
        self.write("app.py", HELD)
        self.write("stand_in.py", STAND_IN)
        self.write("holdfast.toml", BUDGET)
        self.write("numbers.md", NUMBERS)

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        (self.path / name).write_text(text, encoding="utf-8")

    def change(self, *changes: tuple[str, str], name: str = "holdfast.toml") -> None:
        """Replace `old` by `new` once, which must be there."""
        text = (self.path / name).read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        self.write(name, text)

    def line(self, start: str) -> int:
        """Return the number of the budget's first line that begins with `start`."""
        lines = (self.path / "holdfast.toml").read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if line.startswith(start))

    def environ(self, more: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a command: ours without what would change it."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("HOLDFAST_", "COLUMNS", "ENTRIES_"))
        }
        name, _, value = self.mark.partition("=")
        scratch = self.path / "scratch"
        scratch.mkdir(exist_ok=True)
        return kept | {"TMPDIR": str(scratch), name: value, "PYTHONDONTWRITEBYTECODE": "1"} | dict(more)

    def start(self, *words: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start `holdfast WORDS` here, in a session of its own; what it writes goes into two files."""
        with (self.path / "stdout.txt").open("wb") as out, (self.path / "stderr.txt").open("wb") as errors:
            return subprocess.Popen(
                [sys.executable, "-m", "holdfast", *words],
                cwd=self.path,
                env=self.environ(environ or {}),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                start_new_session=True,
            )

    def run(self, *words: str, environ: Mapping[str, str] | None = None, timeout: float = 150.0) -> Ended:
        """Run `holdfast WORDS` here to its end."""
        process = self.start(*words, environ=environ)
        try:
            return Ended(process.wait(timeout), self.stdout, self.stderr)
        finally:
            self.destroy()
            process.wait()

    @property
    def stdout(self) -> str:
        """What the command has written so far."""
        return (self.path / "stdout.txt").read_text(encoding="utf-8")

    @property
    def stderr(self) -> str:
        """What the command has complained of so far."""
        return (self.path / "stderr.txt").read_text(encoding="utf-8")

    def left(self) -> list[int]:
        """Return every process that was started here and that still is."""
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                environ = (folder / "environ").read_bytes()
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if self.mark.encode() in environ and state not in "ZX":
                found.append(int(folder.name))
        return found

    def destroy(self) -> None:
        """Kill whatever is left."""
        for pid in self.left():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def scratch(self) -> list[str]:
        """Return what is left in the folder for temporary files."""
        return sorted(entry.name for entry in (self.path / "scratch").iterdir())


@contextmanager
def folder(path: Path) -> Iterator[Folder]:
    """Make a folder, and leave no process of it behind."""
    path.mkdir(parents=True, exist_ok=True)
    made = Folder(path)
    try:
        yield made
    finally:
        made.destroy()
