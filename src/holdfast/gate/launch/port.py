"""TCP ports for the gate's own listeners.

They lie outside the range from which the kernel takes the local ports of outgoing connections: a proxy that
closes its port to refuse connections must get the same one back, and a service under load opens thousands
of outgoing connections in between, any of which could take an ephemeral port.
"""

from __future__ import annotations

import errno
import random
import socket
from pathlib import Path

from holdfast.errors import NotMeasured, UsageError

__all__ = ["bind", "bound", "candidates", "free", "in_use"]

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_EPHEMERAL_ELSEWHERE = (49152, 65535)  # IANA's dynamic ports, RFC 6335 section 6
_LOWEST, _PREFERRED, _HIGHEST = 1024, 20000, 65535
_ENOUGH = 500
_TRIES = 200

_given: set[int] = set()
"""Ports that this process gave away as free: two callers never get the same, though neither binds at once."""


def candidates() -> range:
    """Return the ports to choose from: outside the ephemeral range, where the kernel's setting leaves any."""
    try:
        low, high = (int(word) for word in _EPHEMERAL.read_text().split())
    except (OSError, ValueError):
        low, high = _EPHEMERAL_ELSEWHERE
    for ports in (range(_PREFERRED, low), range(high + 1, _HIGHEST + 1), range(_LOWEST, low)):
        if len(ports) >= _ENOUGH:
            return ports
    return range(_PREFERRED, _HIGHEST + 1)


def bind(host: str, port: int) -> socket.socket:
    """Return a non-blocking TCP socket bound to `host`:`port`; raises OSError.

    SO_REUSEADDR, so that connections of an earlier listener in TIME_WAIT do not keep the port.
    """
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)
        sock.bind((host, port))
    except BaseException:
        sock.close()
        raise
    return sock


def bound(host: str = "127.0.0.1") -> socket.socket:
    """Return a socket bound to a free port of `host` outside the ephemeral range; raises NotMeasured."""
    ports = candidates()
    for _ in range(_TRIES):
        port = random.choice(ports)
        if port in _given:
            continue
        try:
            sock = bind(host, port)
            if _listened(host, port):
                sock.close()
                continue
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                continue
            raise UsageError(f"no port can be opened: {error.strerror}", place=host) from None
        _given.add(port)
        return sock
    raise NotMeasured(f"no free port on {host} between {ports.start} and {ports.stop - 1}")


def free(host: str = "127.0.0.1") -> int:
    """Return a port of `host` that nothing listens on, and that this process will not give away again."""
    with bound(host) as sock:
        return int(sock.getsockname()[1])


def in_use(host: str, port: int) -> bool:
    """Whether something listens on `host`:`port`; UsageError when it may not be opened at all."""
    try:
        bind(host, port).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return True
        raise UsageError(f"port {port} cannot be opened on {host}: {error.strerror}") from None
    return _listened(host, port)


def _listened(host: str, port: int) -> bool:
    """Whether a connection is accepted: BSD lets 127.0.0.1 be bound while another listens on 0.0.0.0."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((host, port)) == 0
