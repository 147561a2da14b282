"""The application as it is, and beside it the views that it is compared with."""

import os

if os.environ.get("MODE") == "persisted_async":
    from cqrs_example.settings.persisted_async import *  # noqa: F403
elif os.environ.get("MODE") == "memory_sync":
    from cqrs_example.settings.memory_sync import *  # noqa: F403
else:
    from cqrs_example.settings.persisted_sync import *  # noqa: F403

ROOT_URLCONF = "dev.bench.urls"
