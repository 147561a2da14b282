"""The fields of a read model's table: those that identify a row, and those of the table itself."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import models

Model = type[models.Model]


@cache
def key_fields(model: Model) -> Sequence[Any]:
    """The fields that identify a row, whichever process writes it.

    That is the primary key. If the database numbers the rows, it is the first other field or
    constraint that is unique and never NULL; `TypeError` says that there is none.
    """
    concrete: Any = model._meta.concrete_model
    options = concrete._meta
    if options.auto_field is None:
        return list(options.pk_fields)
    unique = [[field.name] for field in own_fields(model) if field.unique and not field.primary_key]
    unique += options.unique_together
    unique += [
        constraint.fields
        for constraint in options.total_unique_constraints
        if not constraint.deferrable
    ]
    for fields in ([options.get_field(name) for name in names] for names in unique):
        if not any(field.null for field in fields):
            return fields
    raise TypeError(
        f"{options.label} has an automatic primary key and nothing unique beside it that is never"
        " NULL: its rows cannot be told apart. Give it a UniqueConstraint."
    )


def own_fields(model: Model) -> Sequence[Any]:
    """The fields that are columns of this very table, not of a parent's."""
    concrete: Any = model._meta.concrete_model
    return list(concrete._meta.local_concrete_fields)


def is_given(field: Any) -> bool:
    """Whether the database gives this column its value: a number of the row, or a computed one."""
    return bool(field.generated or field is field.model._meta.auto_field)
