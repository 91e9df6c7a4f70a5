"""Locust's FastHttpUser against one URL: prints answered requests and the CPU that it took, as JSON."""

from __future__ import annotations

import json
import resource
import sys

import gevent  # type: ignore[import-untyped]
from locust import FastHttpUser, constant, task
from locust.env import Environment


class Reader(FastHttpUser):
    """Asks again as soon as it is answered."""

    wait_time = constant(0)

    @task
    def read(self) -> None:
        """Send one request."""
        self.client.get("/products/1")


def cpu_seconds() -> float:
    """Return user and system seconds of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(port: int, users: int, seconds: float) -> None:
    """Let `users` run for `seconds`; start-up is not counted."""
    environment = Environment(user_classes=[Reader], host=f"http://127.0.0.1:{port}")
    runner = environment.create_local_runner()
    runner.start(users, spawn_rate=users)
    gevent.sleep(1.5)  # all users are there
    cpu, answered = cpu_seconds(), environment.stats.total.num_requests
    gevent.sleep(seconds)
    total = environment.stats.total
    cpu, answered = cpu_seconds() - cpu, total.num_requests - answered
    failures = total.num_failures
    runner.quit()
    print(json.dumps({"answered": answered, "cpu_s": cpu, "failures": failures}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
