"""Access: who may see the pages and send commands. People log in, programs send a token.

`settings.PERMISSIONS` says, for each view that changes something, the permission that it takes
(name → view): `access.increase`, `access.ship`. With `settings.OPEN_MODE` nobody is asked.
"""

VERSION = "1"
