"""How the tools fail: one sentence on stderr and exit status 1, never a traceback."""

import sys
from collections.abc import Callable


class DevError(Exception):
    """Something the user can put right; the message says what."""


def exit_with_sentence(main: Callable[[], int]) -> None:
    try:
        sys.exit(main())
    except DevError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename or 'The operating system'}: {error.strerror or error}.")
    except KeyboardInterrupt:
        sys.exit(130)
