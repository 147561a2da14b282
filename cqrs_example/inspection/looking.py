"""Reading for people: also what the code cannot read, and what is not settled yet."""

from ..eventstore.looking import Unreadable as Unreadable
from ..eventstore.looking import look as look
from ..eventstore.looking import rows as rows
from ..eventstore.looking import tolerant as tolerant
