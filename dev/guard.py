"""Cleans up when a launcher has ended, however it ended: `python -m dev.guard [FOLDER]`.

Standard input is a pipe whose other end only the launcher has: it ends with the launcher, even by
SIGKILL. Each line has the ids of the launcher's children at that moment; those of the last line are
asked to end. Then the throw-away server of FOLDER is removed.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from dev.throwaway import remove_throwaway


def main() -> None:
    lines = sys.stdin.read().splitlines()
    for pid in lines[-1].split() if lines else []:
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGTERM)
    for folder in sys.argv[1:]:
        remove_throwaway(Path(folder))


if __name__ == "__main__":
    main()
