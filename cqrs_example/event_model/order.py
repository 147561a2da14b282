"""The columns of the picture, in an order in which things can happen; each slice comes once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .model import Command, Event, Model, Policy, ReadModel


@dataclass(frozen=True)
class Column:
    """A command that is sent, a policy with a command that it issues, or a read model.

    `events` are those that the command records or the read model hears.
    """

    events: Sequence[Event]
    command: Command | None = None
    policy: Policy | None = None
    read_model: ReadModel | None = None


def columns(model: Model) -> list[Column]:
    """The columns, from left to right.

    Commands come in the order of the settings. A policy or a read model follows as soon as the
    commands before it record all events that it hears. Those whose events no command records come
    last.
    """
    return list(_columns(model))


def _columns(model: Model) -> Iterator[Column]:
    recorded: set[str] = set()
    policies, read_models = list(model.policies), list(model.read_models)
    for command in model.commands:
        if not command.issued_by:
            recorded.update(command.records)
            yield Column(_events(model, command.records), command)
            yield from _possible(model, recorded, policies, read_models)
    everything = {event.name for event in model.events}
    yield from _possible(model, everything, policies, read_models)


def _possible(
    model: Model, recorded: set[str], policies: list[Policy], read_models: list[ReadModel]
) -> Iterator[Column]:
    for policy in [policy for policy in policies if recorded.issuperset(policy.hears)]:
        policies.remove(policy)
        for command in [command for command in model.commands if command.name in policy.issues]:
            recorded.update(command.records)
            yield Column(_events(model, command.records), command, policy)
        if not policy.issues:
            yield Column([], policy=policy)
    possible = [read_model for read_model in read_models if recorded.issuperset(read_model.hears)]
    for read_model in possible:
        read_models.remove(read_model)
        yield Column(_events(model, read_model.hears), read_model=read_model)


def _events(model: Model, names: Sequence[str]) -> list[Event]:
    return [event for event in model.events if event.name in names]
