"""What `manage.py events` can do, in a module for each action.

Each has `HELP`, one line; `add_arguments`, where it takes any; and `run(output, options)`, which
raises `CommandError` with a sentence.
"""

from types import ModuleType

from . import changed, find, refused, show, stats, stream, tail, trace, who_hears

ACTIONS: dict[str, ModuleType] = {
    "tail": tail,
    "find": find,
    "show": show,
    "changed": changed,
    "stream": stream,
    "trace": trace,
    "stats": stats,
    "refused": refused,
    "who-hears": who_hears,
}
