"""Tell connections that the database will always refuse from failures that may pass.

An error while connecting has no SQLSTATE, so only its words can be compared. The words of a server
that speaks another language are unknown here: such an error counts as one that may pass.
"""

import re

# The words of errors that do not pass → the sentence for the people who run the application.
FOR_GOOD = {
    r"password authentication failed|no password supplied|SASL authentication failed": (
        "The password in DATABASE_URL is missing or wrong: correct it, or ALTER ROLE … PASSWORD."
    ),
    r'FATAL: +database "[^"]*" does not exist|no such database': (
        "DATABASE_URL names a database that the server does not have: correct the name, or CREATE"
        " DATABASE and run `manage.py migrate`."
    ),
    r'FATAL: +role "[^"]*" (does not exist|is not permitted to log in)|no such user': (
        "DATABASE_URL names a role that cannot log in: correct the name, or CREATE ROLE … LOGIN"
        " (for the application, `manage.py create_app_role` does)."
    ),
    r"permission denied for database": (
        "The role in DATABASE_URL may not connect to that database: GRANT CONNECT ON DATABASE … TO"
        " it."
    ),
    r"is not currently accepting connections": (
        "The database is closed: ALTER DATABASE … ALLOW_CONNECTIONS true."
    ),
    r"no pg_hba.conf entry|pg_hba.conf rejects|(Peer|Ident|Certificate|LDAP|PAM) auth\w* fail": (
        "The server's pg_hba.conf does not let the role of DATABASE_URL in from here: add a line"
        " for it there, and reload."
    ),
    r"unsupported startup parameter": (
        "DATABASE_URL leads to a pooler that refuses the settings which a session begins with: set"
        " DATABASE_POOLER=1."
    ),
    r"unrecognized configuration parameter|invalid value for parameter": (
        "The server does not know a setting with which each session begins: see OPTIONS of"
        " DATABASES."
    ),
    r"server does not support SSL|certificate verify failed|root certificate file": (
        "The server and `sslmode` of DATABASE_URL do not agree: see libpq's manual on sslmode and"
        " sslrootcert."
    ),
}


def refused_for_good(error: Exception) -> str:
    """A sentence that says what to do about a connection that is always refused; "" for an error
    that may pass."""
    text = str(error)
    return next((remedy for words, remedy in FOR_GOOD.items() if re.search(words, text)), "")
