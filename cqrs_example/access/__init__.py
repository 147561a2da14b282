"""Access: who may see the pages and send commands. People log in, programs send a token.

`settings.PERMISSIONS` maps the name of a permission to the view that needs it. The entry
`"ship": "shop.views.ship"` makes the permission `access.ship`, which the admin gives to accounts.
In the open mode (`settings.OPEN_MODE`) requests from this machine need neither.
"""

VERSION = "1"
