"""Why a connection to the database is refused for good, as far as Postgres and libpq say so.

A connection that fails has no SQLSTATE, so there is nothing to go by but words. Those of a server
that speaks another language are not known here: such a refusal counts as one that passes.
"""

import re

# What is said, and what to do about it. All else may pass: a server that starts, or is full.
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
    """What to do about a connection that will be refused each time; empty if it may pass."""
    said = str(error)
    return next((remedy for words, remedy in FOR_GOOD.items() if re.search(words, said)), "")
