"""The proof of wiring: does the service also talk to the dependency past the proxy?

Read from /proc, so for Linux only: the sockets that the service's processes hold (/proc/PID/fd) against the
kernel's tables of TCP connections (/proc/PID/net/tcp and tcp6, proc(5)). It is a sample: a connection that
opens and closes between two samples is not seen. All calls here are plain and take a few milliseconds; a
loop under load runs them in a thread.
"""

from __future__ import annotations

import ipaddress
import os
import struct
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from holdfast.errors import NotMeasured

__all__ = ["direct_connections", "process_tree"]

_PROC = Path("/proc")
_LISTENING = "0A"  # TCP_LISTEN in include/net/tcp_states.h


def process_tree(pid: int) -> set[int]:
    """Return `pid` and all its descendants, with those of the session that it leads (orphans among them).

    Empty when there is no such process. Raises NotMeasured off Linux.
    """
    _require_linux()
    children: dict[int, list[int]] = {}
    session: set[int] = set()
    known: set[int] = set()
    for each, parent, leader in _processes():
        known.add(each)
        children.setdefault(parent, []).append(each)
        if leader == pid:
            session.add(each)
    found: set[int] = set()
    unseen = [each for each in (pid, *session) if each in known]
    while unseen:
        each = unseen.pop()
        if each not in found:
            found.add(each)
            unseen.extend(children.get(each, ()))
    return found


def direct_connections(pids: Collection[int], addresses: Collection[tuple[str, int]]) -> int:
    """Return how many TCP connections the processes `pids` hold to any of `addresses` (IP address, port).

    Connections being opened count. Raises NotMeasured where it cannot be proved: off Linux, or when the
    processes belong to another user. Processes that end meanwhile hold none.
    """
    _require_linux()
    wanted = {(ipaddress.ip_address(host.partition("%")[0]), port) for host, port in addresses}
    held: set[str] = set()
    spaces: dict[str, int] = {}  # network namespace -> one process in it
    for pid in pids:
        try:
            held |= _sockets(pid)
            spaces.setdefault(str((_PROC / str(pid) / "ns/net").readlink()), pid)
        except PermissionError:
            raise NotMeasured(f"cannot be proved: process {pid} may not be looked into") from None
        except OSError:
            continue
    connections: set[str] = set()
    for pid in spaces.values():
        for table in ("tcp", "tcp6"):
            for inode, host, port in _connections(_PROC / str(pid) / "net" / table):
                if inode in held and (host, port) in wanted:
                    connections.add(inode)
    return len(connections)


def _require_linux() -> None:
    if not sys.platform.startswith("linux"):
        raise NotMeasured("cannot be proved: connections of other processes can be read on Linux only")


def _processes() -> Iterator[tuple[int, int, int]]:
    """Yield pid, parent and session of every process."""
    for entry in os.scandir(_PROC):
        if entry.name.isdecimal():
            try:
                stat = (_PROC / entry.name / "stat").read_bytes()
            except OSError:
                continue
            # The name in parentheses may hold anything; what follows the last one is numbers.
            _, parent, _, session = stat.rpartition(b")")[2].split()[:4]
            yield int(entry.name), int(parent), int(session)


def _sockets(pid: int) -> set[str]:
    """Return the inodes of the sockets that a process holds."""
    inodes: set[str] = set()
    with os.scandir(_PROC / str(pid) / "fd") as entries:
        for entry in entries:
            try:
                target = os.readlink(entry.path)  # noqa: PTH115 - thousands of them, and Path is slow
            except FileNotFoundError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    return inodes


def _connections(
    table: Path,
) -> Iterator[tuple[str, ipaddress.IPv4Address | ipaddress.IPv6Address, int]]:
    """Yield inode, remote address and remote port of each line that is no listener."""
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:  # no IPv6, or the process has ended
        return
    for line in lines:
        words = line.split()
        if words[3] != _LISTENING:
            host, port = words[2].split(":")
            yield words[9], _address(host), int(port, 16)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Read an address as the kernel prints it: 32-bit words in network order, each as a native integer."""
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    if len(packed) == 4:
        return ipaddress.IPv4Address(packed)
    six = ipaddress.IPv6Address(packed)
    return six.ipv4_mapped or six
