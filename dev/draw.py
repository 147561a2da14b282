"""The pictures of the event model in `docs/`, with the values of a run: `python -m dev.draw`."""

import os
from io import StringIO
from pathlib import Path

from dev.failure import exit_with_sentence
from dev.throwaway import start_throwaway

DOCS = Path(__file__).parent.parent / "docs"
# How many columns stand beside each other: on a desk, and on a phone or half a page.
PICTURES = {"event-model.svg": 4, "event-model-narrow.svg": 2}
OPTIONS = {"svg": True, "title": "The event model of the warehouse"}


def draw(check: bool = False) -> None:
    """Write the pictures; or, with `check`, raise `CommandError` if one is not that of the code."""
    from django.core.management import call_command

    for name, across in PICTURES.items():
        options = {**OPTIONS, "across": across, "example": DOCS / "event-model.txt"}
        if check:
            call_command("event_model", check=DOCS / name, **options)
        else:
            drawn = StringIO()  # an example that is wrong leaves the picture as it was
            call_command("event_model", stdout=drawn, **options)
            (DOCS / name).write_text(drawn.getvalue())


def main() -> int:
    os.environ["DATABASE_URL"], stop = start_throwaway()
    os.environ |= {"DEBUG": "1", "DURABLE": "0"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cqrs_example.settings.persisted_sync")
    try:
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        draw()
    finally:
        stop()
    return 0


if __name__ == "__main__":
    exit_with_sentence(main)
