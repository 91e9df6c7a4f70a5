from __future__ import annotations

import os
import signal
import time

from holdfast.serve.crew.inbox import Inbox


def test_signals_come_in_order_and_wait_while_held() -> None:
    before = signal.getsignal(signal.SIGUSR1), signal.getsignal(signal.SIGUSR2)
    inbox = Inbox({signal.SIGUSR1, signal.SIGUSR2})
    try:
        assert inbox.wait(0.0) == []
        signal.raise_signal(signal.SIGUSR1)
        signal.raise_signal(signal.SIGUSR2)
        assert inbox.wait(5.0) == [signal.SIGUSR1, signal.SIGUSR2]
        inbox.hold()
        signal.raise_signal(signal.SIGUSR1)
        assert inbox.wait(0.05) == []
        inbox.resume()
        assert inbox.wait(5.0) == [signal.SIGUSR1]
    finally:
        inbox.release()
        signal.signal(signal.SIGUSR1, before[0])
        signal.signal(signal.SIGUSR2, before[1])


def test_a_child_does_not_tell_its_parent_of_its_own_signals() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    inbox = Inbox({signal.SIGUSR1})
    try:
        inbox.hold()
        child = os.fork()
        if child == 0:
            inbox.release()
            inbox.resume()
            time.sleep(60)
            os._exit(0)
        os.kill(child, signal.SIGUSR1)
        inbox.resume()
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGUSR1
        assert inbox.wait(0.05) == []
    finally:
        inbox.release()
        signal.signal(signal.SIGUSR1, before)
