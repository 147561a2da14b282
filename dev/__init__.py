"""Development tools: installation, embedded Postgres, test plugins. Never in production."""
