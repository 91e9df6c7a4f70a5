from __future__ import annotations

import os
import threading
from collections.abc import Iterable

import pytest

from holdfast.telemetry.logs.entry import Entry, Form
from holdfast.telemetry.logs.queue import LogQueue
from holdfast.telemetry.logs.sink import Descriptor, Sink
from holdfast.telemetry.redaction import Redactor
from tests.telemetry.logs.lines import Blocked, Kept

PATIENCE = 60.0


def entry(message: str) -> Entry:
    return Entry(0.0, "info", "shop", message, {})


def queue_of(sink: Sink, limit: int = 100) -> LogQueue:
    return LogQueue(sink, Form(Redactor()).line, lambda lost: entry(f"{lost} lost"), limit=limit)


def test_lines_come_in_order_and_finish_waits_for_them() -> None:
    sink = Kept()
    queue = queue_of(sink, limit=2000)
    for number in range(1000):
        queue.put(entry(str(number)))
    queue.finish()
    assert queue.join(PATIENCE)
    assert sink.messages == [str(number) for number in range(1000)]


def test_flush_waits_for_what_was_queued() -> None:
    sink = Kept()
    queue = queue_of(sink)
    assert queue.flush(PATIENCE), "nothing was ever queued"
    queue.put(entry("one"))
    assert queue.flush(PATIENCE)
    assert sink.messages == ["one"]
    queue.finish()


def test_a_blocked_sink_costs_lines_and_nobodys_time() -> None:
    sink = Blocked()
    queue = queue_of(sink, limit=10)
    queue.put(entry("first"))
    assert sink.inside.wait(PATIENCE)
    for number in range(25):
        queue.put(entry(str(number)))  # returns, though nobody writes
    assert queue.lost == 15
    assert not queue.flush(0), "not written, and nobody waits for it"
    sink.released.set()
    queue.finish()
    assert queue.join(PATIENCE)
    assert sink.messages == ["first", *map(str, range(10)), "15 lost"]


def test_a_sink_that_fails_is_tried_again_and_the_loss_is_told() -> None:
    class Full(Kept):
        full = True

        def write(self, lines: Iterable[bytes]) -> None:
            if self.full:
                raise OSError("no space left on device")
            super().write(lines)

    sink = Full()
    queue = queue_of(sink)
    queue.put(entry("one"))
    assert queue.flush(PATIENCE)
    sink.full = False
    queue.put(entry("two"))
    assert queue.flush(PATIENCE)
    queue.finish()
    assert queue.lost == 1
    assert sink.messages == ["two", "1 lost"]


def test_after_the_end_it_begins_anew() -> None:
    sink = Kept()
    queue = queue_of(sink)
    queue.put(entry("one"))
    queue.finish()
    queue.finish()
    assert queue.join(PATIENCE)
    queue.put(entry("two"))
    assert queue.flush(PATIENCE)
    queue.finish()
    assert queue.join(PATIENCE)
    assert sink.messages == ["one", "two"]
    assert not [t for t in threading.enumerate() if t.name == "holdfast-logs" and t is queue._thread]


def test_threads_lose_nothing_and_keep_their_order() -> None:
    sink = Kept()
    queue = queue_of(sink, limit=10_000)

    def log(name: str) -> None:
        for number in range(200):
            queue.put(entry(f"{name} {number}"))

    threads = [threading.Thread(target=log, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.finish()
    assert queue.join(PATIENCE)
    for name in "abcd":
        assert [m for m in sink.messages if m[0] == name] == [f"{name} {number}" for number in range(200)]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_has_a_queue_and_a_thread_of_its_own() -> None:
    reader, writer = os.pipe()
    queue = queue_of(Descriptor(writer))
    queue.put(entry("parent, before"))
    assert queue.flush(PATIENCE)
    pid = os.fork()
    if not pid:  # pragma: no cover - in the child
        queue.put(entry("child"))
        os._exit(0 if queue.flush(PATIENCE) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    queue.put(entry("parent, after"))
    queue.finish()
    assert queue.join(PATIENCE)
    os.close(writer)
    with os.fdopen(reader, "rb") as read:
        lines = read.read().splitlines()
    assert [b"parent, before" in lines[0], b"child" in lines[1], b"parent, after" in lines[2]] == [True] * 3
    assert len(lines) == 3


def test_a_pipe_that_is_full_and_does_not_block_is_waited_for() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    lines = [b"%07d\n" % number for number in range(20_000)]  # more than a pipe holds
    written = threading.Thread(target=Descriptor(writer).write, args=(lines,))
    written.start()
    with os.fdopen(reader, "rb") as read:
        assert read.read(160_000) == b"".join(lines)
    written.join()
    os.close(writer)
