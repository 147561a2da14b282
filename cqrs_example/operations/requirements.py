"""The requirements that a database session and the database must meet for the log to be right.

`settings/environment.py` sets DateStyle, IntervalStyle, isolation and limits for each session;
Django sets time zone and client encoding. All of it is checked as well, since a pooler or a role
may change it. The start of the server, `manage.py check --database default`, `/readyz`, `manage.py
rebuild` and `verify` check these requirements, each on a connection like those that it works with.
`eventstore` itself refuses to read the whole log on a standby.
"""

# Name → SQL and sentence. The SQL gives NULL if the requirement is met, and else the text for {} in
# the sentence, which says what is wrong and what to do.
Requirements = dict[str, tuple[str, str]]

# The last migration of `eventstore` that LOG depends on: before it, LOG is not checked.
MADE_BY = "0005_moments_and_names"

# For any session.
SESSION: Requirements = {
    "operations.E010": (
        "SELECT value FROM current_setting('server_encoding') AS value WHERE value <> 'UTF8'",
        "The database's encoding is {}, which cannot keep every text. Only UTF8 can: CREATE"
        " DATABASE … ENCODING 'UTF8' TEMPLATE template0, and restore a dump into it.",
    ),
    "operations.E011": (
        """SELECT string_agg(format('%s is %s', name, setting), ' and ') FROM pg_settings
        WHERE name = 'DateStyle' AND setting NOT LIKE 'ISO%'
        OR name = 'IntervalStyle' AND setting <> 'postgres'""",
        "{}, in which times cannot be read back: ALTER ROLE … SET DateStyle = 'ISO', and"
        " SET IntervalStyle = 'postgres'.",
    ),
    "operations.E012": (
        "SELECT value FROM current_setting('default_transaction_isolation') AS value"
        " WHERE value <> 'read committed'",
        "default_transaction_isolation is {}, in which a command decides on what it saw before it"
        " had the lock: ALTER ROLE … SET default_transaction_isolation = 'read committed'.",
    ),
    "operations.E013": (
        "SELECT 'in recovery' WHERE pg_is_in_recovery()",
        "This server is a standby ({}): it takes no writes, and does not show whose events are"
        " still on their way. Connect to the primary.",
    ),
    "operations.E014": (
        "SELECT value FROM current_setting('default_transaction_read_only') AS value"
        " WHERE value <> 'off'",
        "default_transaction_read_only is {}, so no command can be recorded: RESET it where it was"
        " set, by ALTER SYSTEM, ALTER DATABASE … or ALTER ROLE ….",
    ),
    "operations.E015": (
        """SELECT string_agg(nspname, ', ') FROM pg_class JOIN pg_namespace ON relnamespace =
        pg_namespace.oid WHERE relname = 'eventstore_event' AND relkind IN ('r', 'p')
        HAVING to_regclass('eventstore_event') IS NULL""",
        "The log is in the schema {}, where search_path does not lead: ALTER ROLE … SET search_path"
        " = that schema.",
    ),
    "operations.E018": (
        """SELECT name FROM unnest(current_schemas(true)) WITH ORDINALITY AS path (name, nth)
        WHERE name !~ '^pg_(temp|catalog)' AND nth <
            array_position(current_schemas(true), 'pg_catalog') ORDER BY nth LIMIT 1""",
        "search_path has pg_catalog after {}, so a function there can take the place of one of"
        " Postgres's own, such as that of a lock: leave pg_catalog out of search_path.",
    ),
    "operations.E027": (
        """SELECT value FROM current_setting('session_replication_role') AS value
        WHERE value = 'replica'""",
        "session_replication_role is {}, so triggers that protect the log and its read models do"
        " not fire: ALTER ROLE … RESET session_replication_role.",
    ),
}

# For the sessions of web processes. Without limits one stuck client holds a stream's lock, and a
# thread, for ever.
LIMITS: Requirements = {
    "operations.E016": (
        """SELECT string_agg(name, ' and ' ORDER BY name DESC) FROM pg_settings WHERE setting = '0'
        AND name IN ('statement_timeout', 'idle_in_transaction_session_timeout')""",
        "The sessions of the web processes have no limit: {} must not be 0. A pooler does not hand"
        " on what is set at the start of a session, so set it for the role: `manage.py"
        " create_app_role` does, or ALTER ROLE … SET statement_timeout = '10s',"
        " and so on.",
    ),
}

# For the log, once it is migrated.
LOG: Requirements = {
    "operations.E020": (
        """SELECT string_agg(nspname, ', ') FROM pg_namespace, pg_class AS log
        WHERE log.oid = 'eventstore_event'::regclass AND NOT pg_has_role(relowner, 'MEMBER')
        AND nspname = ANY(current_schemas(false))
        AND has_schema_privilege(pg_namespace.oid, 'CREATE')""",
        "The application's role may CREATE in the schema {}, and so put a function there that its"
        " owner would run: as the owner, REVOKE CREATE ON SCHEMA … FROM PUBLIC and from the role.",
    ),
    "operations.E021": (
        """SELECT CASE WHEN relkind <> 'r' THEN 'no ordinary table'
        WHEN relpersistence <> 'p' THEN 'not logged, so empty after a crash'
        WHEN EXISTS (SELECT FROM pg_rewrite WHERE ev_class = pg_class.oid)
        THEN 'under a rule' WHEN relrowsecurity THEN 'under row security'
        WHEN EXISTS (SELECT FROM pg_inherits WHERE inhparent = pg_class.oid)
        THEN 'inherited from, so that rows of other tables pass for events' END
        FROM pg_class WHERE oid = 'eventstore_event'::regclass""",
        "The table eventstore_event is {}: make it as its migrations did (ALTER TABLE … SET LOGGED,"
        " DROP RULE, ALTER TABLE … DISABLE ROW LEVEL SECURITY, ALTER TABLE … NO INHERIT).",
    ),
    "operations.E029": (
        """SELECT string_agg(tgname, ', ') FROM pg_trigger
        WHERE tgrelid = 'eventstore_event'::regclass AND NOT tgisinternal AND tgenabled <> 'D'
        AND tgtype & 7 = 7""",  # for each row, before, INSERT
        "The trigger {} can change an event, or leave it out, before it is recorded: DROP TRIGGER."
        " What is to happen when an event was recorded belongs to a policy.",
    ),
    "operations.E030": (
        """SELECT string_agg(split_part(wanted, ' ', 1), ', ') FROM unnest(ARRAY[
            'position bigint', 'id uuid', 'stream text C', 'version integer', 'type text',
            'schema_version integer', 'data jsonb', 'correlation_id uuid', 'causation_id uuid',
            'metadata jsonb', 'recorded_at timestamp with time zone',
            'occurred_at timestamp with time zone'
        ]) AS wanted WHERE NOT EXISTS (
            SELECT FROM pg_attribute
            LEFT JOIN pg_collation ON pg_collation.oid = attcollation AND collname <> 'default'
            WHERE attrelid = 'eventstore_event'::regclass AND attnotnull AND wanted =
            concat_ws(' ', attname, format_type(atttypid, atttypmod), collname))""",
        "The columns of eventstore_event are not those that the migrations of `eventstore` made"
        " ({}), so an event may be refused, or read back as another one: ALTER TABLE … ALTER …"
        " TYPE, SET NOT NULL.",
    ),
    "operations.E022": (
        """SELECT string_agg(format('(%s)', columns), ' and ')
        FROM unnest(ARRAY['id', 'position', 'stream, version']) AS columns WHERE NOT EXISTS (
            SELECT FROM pg_index WHERE indrelid = 'eventstore_event'::regclass
            AND indisunique AND indisvalid AND indimmediate AND indpred IS NULL AND columns = (
                SELECT string_agg(attname, ', ' ORDER BY nth)
                FROM unnest(indkey[0:indnkeyatts - 1]) WITH ORDINALITY AS key (number, nth)
                JOIN pg_attribute ON attrelid = indrelid AND attnum = number))""",
        "Nothing keeps {} of eventstore_event unique, so one command can be carried out twice: make"
        " the constraints anew that the migrations of `eventstore` made.",
    ),
    "operations.E023": (
        # The trigger's name, whether it is enabled, its type, its function, a digest of its code.
        """SELECT string_agg(split_part(wanted, ' ', 1), ' and ') FROM unnest(ARRAY[
            'eventstore_append_only A 58 eventstore_refuse 4c6897083f854b3745bb321e6a7a2c2e',
            'eventstore_positions O 4 eventstore_check_positions 1d423ee03a1dcaf722ff2e23f90ddb4b'
        ]) AS wanted WHERE NOT EXISTS (
            SELECT FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
            JOIN pg_namespace ON pg_namespace.oid = pronamespace
            WHERE tgrelid = 'eventstore_event'::regclass AND tgqual IS NULL AND wanted =
            concat_ws(' ', tgname, tgenabled, tgtype, proname,
                md5(replace(prosrc, quote_ident(nspname) || '.', ''))))""",
        "The trigger {} of eventstore_event is missing, switched off, or not the one that the"
        " migrations of `eventstore` made, so the log is not protected: ALTER TABLE"
        " eventstore_event ENABLE ALWAYS TRIGGER eventstore_append_only, ENABLE TRIGGER"
        " eventstore_positions, or make it anew as they do.",
    ),
    "operations.E026": (
        # The function that a call finds along search_path.
        """SELECT CASE WHEN lock IS NULL THEN 'is missing' ELSE 'is another one' END
        FROM to_regprocedure('eventstore_lock(int, int, jsonb)') AS lock WHERE NOT EXISTS (
            SELECT FROM pg_proc WHERE oid = lock AND provolatile = 'v' AND NOT prosecdef
            AND proconfig IS NULL AND md5(prosrc) = 'b2533b1954cae8cfff8a9a9a340a10a4')""",
        "The function eventstore_lock {}, so two commands could decide on the same events: DROP"
        " what took its place, and make it as the migration 0005_moments_and_names of `eventstore`"
        " does.",
    ),
    "operations.E028": (
        """SELECT 'eventstore_moments' WHERE NOT EXISTS (
            SELECT FROM pg_constraint WHERE conrelid = 'eventstore_event'::regclass
            AND conname = 'eventstore_moments' AND contype = 'c'
            AND pg_get_constraintdef(oid) LIKE '%recorded_at%occurred_at%')""",
        "The constraint {} of eventstore_event is missing, so times can be recorded that no page"
        " can show, such as infinity: make it as the migration 0005_moments_and_names of"
        " `eventstore` does.",
    ),
    "operations.E024": (
        """SELECT CASE WHEN seqrelid IS NULL THEN 'are given by no sequence'
        WHEN seqcache <> 1 THEN format('are handed out %s at a time', seqcache)
        WHEN seqincrement < 1 OR seqcycle THEN 'do not always increase'
        WHEN seqmax < 9223372036854775807 THEN format('end at %s', seqmax)
        WHEN relpersistence <> 'p' THEN 'begin anew after a crash' END
        FROM (SELECT pg_get_serial_sequence('eventstore_event', 'position')::regclass AS name)
        AS its LEFT JOIN pg_sequence ON seqrelid = name LEFT JOIN pg_class ON oid = name""",
        "Positions of eventstore_event {}, so events would be refused, or readers of the log miss"
        " some: ALTER SEQUENCE eventstore_event_position_seq CACHE 1 INCREMENT 1 NO MAXVALUE NO"
        " CYCLE, SET LOGGED.",
    ),
    "operations.E025": (
        """SELECT format('the sequence is at %s, but the log at %s', at, log) FROM (SELECT
        coalesce(pg_sequence_last_value(pg_get_serial_sequence('eventstore_event',
        'position')::regclass), 0) AS at, (SELECT max(position) FROM eventstore_event) AS log)
        AS reached WHERE at < log""",
        "New events would get positions that are taken or were read already: {}, as after a copy."
        " While no command runs: SELECT setval(pg_get_serial_sequence('eventstore_event',"
        " 'position'), (SELECT max(position) FROM eventstore_event)).",
    ),
}
