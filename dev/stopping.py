"""Ctrl-C, SIGTERM and a closed terminal: passed on to the children, in our order."""

import signal
import subprocess
import time
from types import FrameType

_received: list[int] = []
_children: list[subprocess.Popen[bytes]] = []


def catch_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _receive)


def is_stopping() -> bool:
    return bool(_received)


def run_child(command: list[str], env: dict[str, str], own_session: bool = True) -> int:
    """Runs it to its end; a signal of ours asks it to end. In its own session Ctrl-C passes it by.

    The child's exit status; 0 when it was asked to end.
    """
    if is_stopping():
        return 0
    child = subprocess.Popen(command, env=env, start_new_session=own_session)
    _children.append(child)
    if is_stopping():  # between the question above and the child's arrival in the list
        child.terminate()
    status = child.wait()
    _children.remove(child)
    return 0 if is_stopping() else status


def wait_for_stop() -> None:
    while not is_stopping():
        time.sleep(0.1)


def _receive(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    # A second Ctrl-C means now: gunicorn then does not wait for requests under way.
    hurry = _received.count(signal.SIGINT) > 1
    for child in _children:
        child.send_signal(signal.SIGINT if hurry else signal.SIGTERM)
