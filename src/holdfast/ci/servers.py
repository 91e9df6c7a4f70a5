"""The servers that a job starts beside the service, for dependencies that have no stand-in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.budget import Loaded
from holdfast.budget.model.dependency import Dependency

__all__ = ["Server", "servers", "unserved"]


@dataclass(frozen=True, slots=True)
class Server:
    """A container: its `image`, the `port` in it, what it is told, and the command that says it is ready.

    `url`: where it is found, with {port} for the one on the machine. The passwords are those of a server that
    lives as long as its job and listens to nobody else.
    """

    image: str
    port: int
    url: str
    ready: str
    environ: Mapping[str, str]


_KINDS = {
    "postgres": Server(
        "postgres:17",
        5432,
        "postgresql://postgres:postgres@127.0.0.1:{port}/postgres",
        "pg_isready -h 127.0.0.1",  # while it is being set up it answers on its socket only
        {"POSTGRES_PASSWORD": "postgres"},
    ),
    "mysql": Server(
        "mysql:8.4",
        3306,
        "mysql://root:root@127.0.0.1:{port}/app",
        "mysqladmin ping -h 127.0.0.1 -proot",
        {"MYSQL_ROOT_PASSWORD": "root", "MYSQL_DATABASE": "app"},
    ),
    "redis": Server("redis:8", 6379, "redis://127.0.0.1:{port}/0", "redis-cli ping", {}),
    "rabbitmq": Server(
        "rabbitmq:4",
        5672,
        "amqp://guest:guest@127.0.0.1:{port}/",
        "rabbitmq-diagnostics -q check_port_connectivity",
        {},
    ),
}


def servers(loaded: Loaded) -> tuple[dict[str, tuple[Server, int]], dict[str, str]]:
    """Return the servers by dependency, each with its port on the machine, and the service's variables.

    A replica is read from its primary's server: a server of its own would never learn what was written.
    """
    needed = _needed(loaded)
    own = {name: each for name, each in needed.items() if each.kind in _KINDS and each.replica is None}
    made: dict[str, tuple[Server, int]] = {}
    for name, each in own.items():
        server = _KINDS[each.kind]
        made[name] = server, server.port + sum(kept is server for kept, _ in made.values())
    environ: dict[str, str] = {}
    for name, each in needed.items():
        primary = name if each.replica is None else each.replica.of
        if primary in made and each.url_env is not None:
            server, port = made[primary]
            environ[str(each.url_env)] = server.url.format(port=port)
    return made, environ


def unserved(loaded: Loaded) -> list[str]:
    """Return one line for each dependency that has neither a stand-in nor a server here."""
    _, environ = servers(loaded)
    return [
        f"{loaded.place(f'dependency.{name}')}: dependency {name} has no stand_in: the gate ends with 2 "
        f"where {each.url_env} is not set"
        for name, each in _needed(loaded).items()
        if str(each.url_env) not in environ
    ]


def _needed(loaded: Loaded) -> dict[str, Dependency]:
    return {
        name: each
        for name, each in loaded.budget.dependency.items()
        if each.stand_in is None and each.url_env is not None
    }
