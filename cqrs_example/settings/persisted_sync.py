"""Projections and policies run in the command's own transaction; state lives in Postgres."""

from .base import *  # noqa: F403
