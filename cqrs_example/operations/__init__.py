"""Operations: checks that the database is fit for the log, and a role with few rights in it."""

VERSION = "3"
