"""One module per mode; `persisted_sync` is the default."""
