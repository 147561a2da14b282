from .fixtures import empty_all_tables  # noqa: F401
from .listeners import wire  # noqa: F401 (a fixture for all)
from .serving import ROOT, Answer, Server, database_url  # noqa: F401
from .shapes import shaped  # noqa: F401 (a fixture for all)
from .subscribing import subscribed  # noqa: F401 (a fixture for all)
from .traced import exporter, spans  # noqa: F401 (fixtures for all)
