"""The supervisor at work: processes, sockets and signals around `core`'s decisions."""

from __future__ import annotations

import asyncio
import math
import os
import signal
from contextlib import ExitStack, suppress

from holdfast.budget.derive.ladder import LAST_RESORT
from holdfast.clock import monotonic
from holdfast.errors import BootFailed
from holdfast.serve.admin.app import application
from holdfast.serve.admin.server import admin_server
from holdfast.serve.admin.state import Status
from holdfast.serve.environment import told
from holdfast.serve.launch import command
from holdfast.serve.lifeline import adopt_orphans
from holdfast.serve.listen import address_of, listen, make_room
from holdfast.serve.options import Options
from holdfast.serve.stallbook import StallBook
from holdfast.serve.supervisor.actions import (
    Action,
    Fewer,
    Finish,
    KillAll,
    KillWorker,
    More,
    Overdue,
    Rolled,
    Serving,
    SpareWorker,
    Terminate,
    Unready,
)
from holdfast.serve.supervisor.boardfile import new_board
from holdfast.serve.supervisor.cause import why
from holdfast.serve.supervisor.child import Child
from holdfast.serve.supervisor.core import EXIT_DIED, Limits, Supervision
from holdfast.serve.supervisor.flight import FlightBook
from holdfast.serve.supervisor.pipes import Pipes
from holdfast.serve.supervisor.rolling import Rolling
from holdfast.serve.supervisor.say import place_of, say
from holdfast.serve.supervisor.steps import Phase
from holdfast.serve.supervisor.view import View
from holdfast.telemetry.listener import dropped

__all__ = ["Supervisor", "serve"]

LOOK = 0.1
"""Seconds between looks at the board: far below any kill limit, and a hundredth of a core at most."""

_STDIN = 0


def serve(options: Options) -> int:
    """Run the service until it ends; returns the exit code.

    Raises `UsageError` when a port is taken, `BootFailed` when the service does not come up. Whatever
    happens, no process is left and the ports are free afterwards.
    """
    with ExitStack() as stack:
        supervisor = Supervisor(options, stack)
        return asyncio.run(supervisor.run())


class Supervisor:
    """One service; everything taken is given back by `stack`, last first."""

    def __init__(self, options: Options, stack: ExitStack) -> None:
        self._options = options
        make_room()
        where = (options.host, options.port)
        self._listener = stack.enter_context(listen(*where, host_option="--host", port_option="--port"))
        where = (options.admin_host, options.admin_port)
        self._admin_socket = stack.enter_context(
            listen(*where, host_option="--admin-host", port_option="--admin-port")
        )
        self._address = address_of(self._listener)
        self._admin_address = address_of(self._admin_socket)
        # Twice the workers: those that go and those that come; two for what nobody thought of.
        self._board, self._board_path = new_board(2 * options.workers + 2, stack)
        self._board.bounds = options.bounds
        self._board.listener = os.fstat(self._listener.fileno()).st_ino, dropped() or 0
        self._stalls = StallBook(self._board, options.stall_log)
        stack.callback(self._stalls.close)
        self._flights = FlightBook(self._board, options.app, self._stalls.since)
        self._pipes = Pipes(stack, hold=not options.verbose)
        limits = Limits(
            boot=options.boot,
            kill=options.kill,
            announce=options.announce,
            grace=math.ceil(options.grace) + LAST_RESORT,
            leave=options.keepalive + options.grace + LAST_RESORT,
            mode=options.kill_mode,
        )
        self._supervision = Supervision(limits, monotonic())
        self._view, self._rolling = View(self._board, options.health), Rolling()
        self._terminal = os.isatty(_STDIN)
        self._status = Status(
            self._board,
            self._supervision,
            self._stalls,
            options.workers,
            view=self._view,
            rolling=self._rolling,
            server=options.server,
            flights=self._flights,
        )
        self._woken = asyncio.Event()
        self._finish: Finish | None = None

    async def run(self) -> int:
        """Serve; returns the exit code or raises `BootFailed`."""
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(sig, self._signalled, sig)
        loop.add_signal_handler(signal.SIGCHLD, self._woken.set)
        adopt_orphans()
        admin = admin_server(application(self._status))
        answering = asyncio.create_task(admin.serve(sockets=[self._admin_socket]))
        child = self._start()
        try:
            while self._finish is None:
                await self._pause()
                self._look(child)
        finally:
            child.destroy()
            self._stalls.update()
            self._flights.update()
            admin.should_exit = True
            await answering
        return self._conclude(self._finish, child)

    def _start(self) -> Child:
        """Start the server; from here on its copies of the listener and the pipes are the only ones."""
        pipes, listener = self._pipes, self._listener.fileno()
        words, order = command(self._options, listener)
        child = Child(
            words,
            {**os.environ, **told(self._options, self._board_path), **pipes.channel.export(), **order},
            pass_fds=(listener, *pipes.channel.descriptors()),
            output=pipes.output,
        )
        self._listener.close()
        pipes.handed_over()
        self._status.server_pid = child.pid
        self._forward()
        return child

    def _forward(self) -> None:
        """Read the held output as it comes, so that nobody waits to write it."""
        loop, pipes = asyncio.get_running_loop(), self._pipes

        def readable() -> None:
            if pipes.held is None or not pipes.held.pump():
                loop.remove_reader(pipes.held_fd)

        if pipes.held is not None:
            loop.add_reader(pipes.held_fd, readable)

    def _signalled(self, sig: signal.Signals) -> None:
        if sig is signal.SIGHUP and not self._hung_up():
            if self._supervision.phase is Phase.SERVING:
                say("the workers are replaced, one after the other")
                self._rolling.ask(self._view.look())
        else:
            self._supervision.signalled(interrupt=sig is not signal.SIGTERM)
        self._woken.set()

    def _hung_up(self) -> bool:
        """Whether SIGHUP means what it says: the terminal that this was started from has gone."""
        if not self._terminal:
            return False
        try:
            os.tcgetpgrp(_STDIN)
        except OSError:
            return True
        return False

    async def _pause(self) -> None:
        due = self._supervision.next_wakeup()
        wait = LOOK if due is None else min(LOOK, max(0.0, due - monotonic()))
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._woken.wait()
        self._woken.clear()

    def _look(self, child: Child) -> None:
        """Look at everything once, and do what the core decides."""
        returncode = child.reap()
        self._stalls.update()
        self._flights.update()
        for failure in self._pipes.read_news():
            if self._status.served:
                say(f"worker {failure.pid} cannot boot, another one is tried: {failure}")
        now, seen = monotonic(), self._view.look(returncode)
        for action in self._supervision.decide(now, seen):
            self._do(action, child)
        if self._supervision.phase is Phase.SERVING:
            due, self._pipes.news.due = self._pipes.news.due, set()
            self._rolling.due(due, seen)
            for step in self._rolling.decide(now, seen):
                self._do(step, child)

    def _do(self, action: Action, child: Child) -> None:
        options = self._options
        match action:
            case Serving():
                self._status.served = True
                self._pipes.release()
                say(
                    f"{options.app} serves on http://{self._address}, admin on http://{self._admin_address}, "
                    f"{options.workers} worker{'s' if options.workers != 1 else ''}"
                )
                if options.budget is None:
                    say("there is no budget: everything observes, nothing is enforced")
            case KillWorker(worker, age, overdue):
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
                self._status.killed += 1
                self._flights.expect(worker.pid, f"it {overdue.value} for {age:.1f} s")
                said = f"worker {worker.pid} {overdue.value} for {age:.1f} s and was killed"
                if overdue is Overdue.BEAT:
                    said += f": {place_of(self._stalls.since(worker.pid, worker.heartbeat))}"
                say(said)
            case SpareWorker(worker, age):
                self._status.spared += 1
                place = place_of(self._stalls.since(worker.pid, worker.heartbeat))
                say(f"worker {worker.pid} stood still for {age:.1f} s and would have been killed: {place}")
            case More():
                child.signal(signal.SIGTTIN)
            case Fewer():
                child.signal(signal.SIGTTOU)
            case Rolled(count):
                say(f"{count} worker{'s were' if count != 1 else ' was'} replaced")
            case Terminate():
                child.terminate()
            case KillAll():
                child.kill_group()
            case Finish():
                self._finish = action
            case Unready():
                if self._status.served:
                    accepts = self._supervision.phase is Phase.ANNOUNCING
                    say(f"draining: {'unready, still accepting' if accepts else 'what is in flight ends'}")
                self._pipes.announce_drain()

    def _conclude(self, finish: Finish, child: Child) -> int:
        """Return the exit code, or raise `BootFailed` with the cause."""
        if finish.failure is None:
            if finish.code == EXIT_DIED:
                self._pipes.release()
                say(f"the server ended by itself with status {child.returncode}")
            return finish.code
        self._pipes.read_news()
        output = self._pipes.output_text()
        options = self._options
        cause = why(
            finish.failure,
            self._pipes.news,
            output,
            child.returncode,
            boot=options.boot,
            workers=options.workers,
        )
        hint = " (--verbose shows what it wrote)" if output else ""
        raise BootFailed(f"{options.app} did not boot: {cause}{hint}")
