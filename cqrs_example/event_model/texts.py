"""The model as text, as JSON and as Mermaid."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from .model import Model
from .order import Column, columns


def as_json(model: Model) -> str:
    """A JSON object with the lists `commands`, `events`, `read_models` and `policies`."""
    return json.dumps(asdict(model), indent=2) + "\n"


def as_text(model: Model) -> str:
    """A paragraph for each column, in the order of the picture."""
    return "\n\n".join("\n".join(_paragraph(column)) for column in columns(model)) + "\n"


def _paragraph(column: Column) -> Iterator[str]:
    if column.policy:
        yield f"Whenever {' or '.join(column.policy.hears)}: the policy {column.policy.name}"
    if column.command:
        yield f"Command {column.command.name} ({', '.join(column.command.fields)})"
        yield from (f"  from {address}" for address in column.command.addresses)
        yield from (
            f"  records {event.name} ({', '.join(event.fields)})" for event in column.events
        )
    if column.read_model:
        yield f"Read model {column.read_model.name} ({', '.join(column.read_model.fields)})"
        yield f"  hears {', '.join(column.read_model.hears)}"
        yield from (f"  on {address}" for address in column.read_model.addresses)


def as_mermaid(model: Model) -> str:
    """A flowchart for documents that draw Mermaid, with the colours of event modelling."""
    return "\n".join(["flowchart LR", *_nodes(model), *_edges(model), *STYLES]) + "\n"


STYLES = (
    "  classDef command fill:#bfdbfe,stroke:#1d4ed8,color:#18181b",
    "  classDef event fill:#fed7aa,stroke:#c2410c,color:#18181b",
    "  classDef read_model fill:#bbf7d0,stroke:#15803d,color:#18181b",
    "  classDef policy fill:#e9d5ff,stroke:#7e22ce,color:#18181b",
)


def _id(kind: str, name: str) -> str:
    return f"{kind}_{''.join(c if c.isalnum() else '_' for c in name)}"


def _nodes(model: Model) -> Iterator[str]:
    for kind, things in (
        ("command", model.commands),
        ("event", model.events),
        ("read_model", model.read_models),
        ("policy", model.policies),
    ):
        for thing in things:
            yield f'  {_id(kind, thing.name)}["{thing.name}"]:::{kind}'


def _edges(model: Model) -> Iterator[str]:
    for command in model.commands:
        for event in command.records:
            yield f"  {_id('command', command.name)} --> {_id('event', event)}"
    for read_model in model.read_models:
        for event in read_model.hears:
            yield f"  {_id('event', event)} --> {_id('read_model', read_model.name)}"
    for policy in model.policies:
        for event in policy.hears:
            yield f"  {_id('event', event)} --> {_id('policy', policy.name)}"
        for name in policy.issues:
            yield f"  {_id('policy', policy.name)} --> {_id('command', name)}"
