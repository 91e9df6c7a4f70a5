"""The server that other tests trust: what its methods promise."""

from __future__ import annotations

import socket

import pytest

from tests.servers.redis import RedisServer


def test_it_answers_and_forgets_when_restarted(redis_server: RedisServer) -> None:
    assert redis_server.command("SET", "a", "1") == b"+OK\r\n"
    redis_server.restart()
    assert redis_server.command("GET", "a") == b"$-1\r\n"


def test_killed_it_refuses_connections(redis_server: RedisServer) -> None:
    redis_server.kill()
    assert not redis_server.answers()
    with pytest.raises(ConnectionRefusedError):
        redis_server.command("PING")


def test_paused_it_accepts_and_does_not_answer(redis_server: RedisServer) -> None:
    redis_server.pause()
    with socket.create_connection(("127.0.0.1", redis_server.port), timeout=0.1) as connection:
        connection.sendall(b"PING\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(1)
        redis_server.resume()
        connection.settimeout(10)
        assert connection.recv(7) == b"+PONG\r\n"


def test_it_counts_the_connections_of_others(redis_server: RedisServer) -> None:
    assert redis_server.clients() == 0
    with socket.create_connection(("127.0.0.1", redis_server.port)) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(7) == b"+PONG\r\n"
        assert redis_server.clients() == 1


def test_the_shared_database_is_empty(shared_redis: RedisServer, redis_url: str) -> None:
    assert redis_url == shared_redis.url
    assert shared_redis.command("DBSIZE") == b":0\r\n"
