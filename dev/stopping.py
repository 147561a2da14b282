"""Ctrl-C, SIGTERM and a closed terminal: passed on to the children, in our order.

Where there is a guard, SIGKILL too: see `dev.guard`.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from types import FrameType

_received: list[int] = []
_children: list[subprocess.Popen[bytes]] = []
_guards: list[subprocess.Popen[str]] = []


def catch_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _receive)


def start_guard() -> None:
    """From now on the children end with this process, and this process with make."""
    command = [sys.executable, "-m", "dev.guard"]
    _guards.append(
        subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)
    )
    if make := os.environ.get("MAKE_PID"):
        threading.Thread(target=_end_with, args=[int(make)], daemon=True).start()


def _end_with(make: int) -> None:
    """make that was killed says nothing: its child is then somebody else's."""
    while os.getppid() == make:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


def is_stopping() -> bool:
    return bool(_received)


def run_child(command: list[str], env: dict[str, str], own_session: bool = True) -> int:
    """Runs it to its end; a signal of ours asks it to end. In its own session Ctrl-C passes it by.

    The child's exit status; 0 when it was asked to end.
    """
    if is_stopping():
        return 0
    return end_of(_started(subprocess.Popen(command, env=env, start_new_session=own_session)))


def start_waiting(command: list[str], env: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Starts a child that waits for its standard input: `end_of` gives it that."""
    return _started(
        subprocess.Popen(command, env=env, start_new_session=True, stdin=subprocess.PIPE)
    )


def end_of(child: "subprocess.Popen[bytes]", text: str = "") -> int:
    """Waits for a child that was started: its exit status, or 0 when it was asked to end."""
    child.communicate(text.encode())
    _children.remove(child)
    _tell_guard()
    return 0 if is_stopping() else child.returncode


def _started(child: "subprocess.Popen[bytes]") -> "subprocess.Popen[bytes]":
    _children.append(child)
    _tell_guard()
    if is_stopping():  # a signal came before the child was in the list
        child.terminate()
    return child


def end_children() -> None:
    """Ask those that still run to end."""
    for child in list(_children):
        child.terminate()


def _tell_guard() -> None:
    for guard in _guards:
        with suppress(BrokenPipeError):  # somebody killed it
            print(*[child.pid for child in _children], file=guard.stdin, flush=True)


def wait_for_stop() -> None:
    while not is_stopping():
        time.sleep(0.1)


def _receive(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    # A second Ctrl-C means now: gunicorn then does not wait for requests under way.
    hurry = _received.count(signal.SIGINT) > 1
    for child in _children:
        child.send_signal(signal.SIGINT if hurry else signal.SIGTERM)
