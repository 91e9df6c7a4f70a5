"""The disk: whole files or none, and leftovers told from what is being written."""

# ruff: noqa: ASYNC240 - the test looks at the disk itself
from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import pytest

from holdfast.loop.offload.threads import current
from holdfast.service.upload import Disk

pytestmark = pytest.mark.anyio


def descriptors() -> int:
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def name() -> str:
    return f"{uuid.uuid4().hex}.png"


async def test_a_file_is_seen_when_it_is_whole(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "deep" / "down")
    writing = await disk.open("0" * 32 + ".png", "image/png")
    await writing.write(b"one ")
    (partial,) = (tmp_path / "deep" / "down").iterdir()
    assert partial.name.startswith(".")
    await writing.write(b"two")
    location = Path(await writing.commit())
    assert list(location.parent.iterdir()) == [location]
    assert location.read_bytes() == b"one two"


@pytest.mark.parametrize("committed", [False, True])
async def test_what_is_discarded_is_gone_and_stays_so(tmp_path: Path, committed: bool) -> None:
    writing = await Disk(tmp_path).open(name(), "image/png")
    await writing.write(b"data")
    if committed:
        await writing.commit()
    await writing.discard()
    await writing.discard()
    assert list(tmp_path.iterdir()) == []


async def test_a_sweep_takes_leftovers_only(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    writing = await disk.open(name(), "image/png")
    kept = await disk.open(name(), "image/png")
    final = await kept.commit()
    leftover = tmp_path / f".{name()}.part"
    leftover.write_bytes(b"half")
    for other in (".hidden", ".x.part", "notes.part", f"{name()}.part"):
        (tmp_path / other).write_bytes(b"somebody's")
    (tmp_path / f".{'a' * 32}.part").mkdir()
    (tmp_path / f".{'b' * 32}.part").symlink_to(tmp_path / ".hidden")
    assert await Disk(tmp_path).sweep() == 1
    assert not leftover.exists()
    assert len(list(tmp_path.iterdir())) == 8
    assert Path(final).exists()
    await writing.commit()


async def test_many_sweeps_at_once_and_whoever_begins_meanwhile(tmp_path: Path) -> None:
    disk = Disk(tmp_path)

    async def write() -> str:
        writing = await disk.open(name(), "image/png")
        await writing.write(b"data")
        return await writing.commit()

    for _ in range(10):
        (tmp_path / f".{name()}.part").write_bytes(b"half")
    swept = asyncio.gather(*(Disk(tmp_path).sweep() for _ in range(20)))
    written = await asyncio.gather(*(write() for _ in range(50)))
    # More, where one came between creating a file and locking it: that is begun anew.
    assert sum(await swept) >= 10
    assert sorted(str(path) for path in tmp_path.iterdir()) == sorted(written)


async def test_where_there_is_no_directory_nothing_is_swept(tmp_path: Path) -> None:
    assert await Disk(tmp_path / "nowhere").sweep() == 0


async def test_a_directory_that_cannot_be_made_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    before = descriptors()
    with pytest.raises(OSError, match="file"):
        await Disk(tmp_path / "file" / "below").open(name(), "image/png")
    assert descriptors() == before
    assert current().slots.used == 0
