"""How pages read the log: with events that the code cannot read, and that are not settled yet."""

from ..eventstore.looking import Unreadable as Unreadable
from ..eventstore.looking import look as look
from ..eventstore.looking import rows as rows
from ..eventstore.looking import tolerant as tolerant
