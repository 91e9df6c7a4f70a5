from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import pytest

from holdfast.errors import BootFailed, UsageError
from holdfast.gate.launch.port import bound, free, in_use
from holdfast.gate.launch.service import Service, serve_command
from tests.gate.fault.conftest import Run
from tests.gate.fault.servers import open_files
from tests.gate.launch.processes import gone

SUPERVISOR = """
import http.server, os, signal, sys, time
port, admin, mode = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
if mode == "usage":
    print("starting"); print("holdfast.toml:3: unknown key", file=sys.stderr); sys.exit(2)
if mode == "boot":
    print("no module named shop", file=sys.stderr); sys.exit(4)
if mode == "told":
    print("Traceback", file=sys.stderr)
    print("holdfast: error: shop:app did not boot: a bug", file=sys.stderr)
    print("a child of it, later", file=sys.stderr)
    sys.exit(4)
if mode == "crash":
    raise ValueError("a bug")
if mode == "kill":
    os.kill(os.getpid(), 9)
if mode == "mute":
    time.sleep(600)
began = time.monotonic()
class Admin(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ready = mode != "never" and time.monotonic() > began + 0.3
        body = (os.environ.get("PAYMENTS_URL", "unset") + " " + os.environ.get("HOME", "unset")).encode()
        self.send_response(200 if ready else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
signal.signal(signal.SIGTERM, lambda *_: (print("drained", flush=True), os._exit(0)))
http.server.HTTPServer(("127.0.0.1", admin), Admin).serve_forever()
"""


def service(tmp_path: Path, mode: str, **options: object) -> Service:
    script = tmp_path / "supervisor.py"
    script.write_text(SUPERVISOR)
    port, admin = free(), free()
    command = [sys.executable, str(script), str(port), str(admin), mode]
    return Service(command, port=port, admin_port=admin, **options)  # type: ignore[arg-type]


def test_ready_on_entry_drained_on_exit(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        environ = {"PAYMENTS_URL": "http://127.0.0.1:1", "HOME": None}
        async with service(tmp_path, "ready", environ=environ) as it:
            assert await it.get("/state") == (200, b"http://127.0.0.1:1 unset")
            assert it.pid == it.child.pid
        assert it.child.returncode == 0
        assert it.child.output.lines() == ["drained"]
        assert not in_use("127.0.0.1", it.admin_port)

    run(main())


@pytest.mark.parametrize(
    ("mode", "kind", "message"),
    [
        ("usage", UsageError, r"^holdfast\.toml:3: unknown key$"),
        ("boot", BootFailed, r"^no module named shop$"),
        ("told", BootFailed, r"^shop:app did not boot: a bug$"),
        ("crash", BootFailed, r"^the service ended with exit code 1 before it was ready: ValueError: a bug$"),
        ("kill", BootFailed, r"^the service was killed by signal 9 before it was ready$"),
        ("never", BootFailed, r"^the service was not ready within 1 s: its /readyz said 503$"),
        ("mute", BootFailed, r"^the service was not ready within 1 s: its admin port did not answer$"),
    ],
)
def test_failures_are_said_in_one_line(
    run: Run, tmp_path: Path, mode: str, kind: type[Exception], message: str
) -> None:
    async def main() -> None:
        it = service(tmp_path, mode, boot=1.0 if mode in ("never", "mute") else 30.0)
        with pytest.raises(kind, match=message) as caught:
            async with it:
                pass
        assert "\n" not in str(caught.value)
        assert gone(it.pid, within=0)

    run(main())


def test_a_port_in_use_is_found_before_somebody_elses_service_is_loaded(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        it = service(tmp_path, "ready")
        with bound() as sock:
            sock.listen()
            it.port = sock.getsockname()[1]
            with pytest.raises(UsageError, match=r"^--port: port \d+ is in use$"):
                async with it:
                    pass
        assert it.child.pid == 0

    run(main())


def test_cancelled_at_any_moment_it_leaves_nothing(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        rng = random.Random(9)
        before = 0
        for round_ in range(8):
            it = service(tmp_path, "ready")

            async def use(it: Service = it) -> None:
                async with it:
                    await asyncio.sleep(rng.uniform(0, 0.05))

            task = asyncio.create_task(use())
            await asyncio.sleep(rng.uniform(0, 0.6))
            task.cancel()
            await asyncio.wait({task})
            assert gone(it.pid, within=0)
            await asyncio.sleep(0)
            before = before if round_ else open_files(collect=False)  # uvloop opens /dev/null at first
            assert open_files(collect=False) == before

    run(main())


def test_serve_command() -> None:
    command = serve_command("shop:app", port=1, admin_port=2, budget=Path("b.toml"), environment="ci")
    assert command[0] == sys.executable
    assert " ".join(command[1:]) == (
        "-m holdfast serve shop:app --verbose --budget b.toml --env ci "
        "--host 127.0.0.1 --port 1 --admin-port 2"
    )
    assert "--env" not in serve_command("shop:app", port=1, admin_port=2)
