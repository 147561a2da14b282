"""The actions of `manage.py events`, a module for each.

Each module has `HELP`, which is one line, and `run(output, options)`, which raises `CommandError`.
An action that takes arguments has `add_arguments` too.
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
