"""The event model, drawn from the code: commands, events, read models, policies and pages.

    manage.py event_model                       # as text; --json, --mermaid, --svg
    manage.py event_model --svg --check docs/event-model.svg

The notation is that of event modelling (Adam Dymitruk): blue commands, orange events, green read
models, purple policies; time goes to the right. Nothing is drawn by hand: the model is read from
`settings.COMMANDS`, `PROJECTIONS` and `POLICIES`, from the signatures of handlers, and from the
URLconf.
"""

VERSION = "1"
