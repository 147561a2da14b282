"""What every mode shares. Reading it starts nothing and connects to nothing."""

import os
from datetime import timedelta
from importlib.util import find_spec

import django
from django.core.exceptions import ImproperlyConfigured

from .. import logs
from .environment import BASE_DIR, database, embedded_url, flag, names, seconds
from .wiring import *  # noqa: F403
from .wiring import AROUND_COMMANDS, AROUND_DELIVERIES, AROUND_HANDLERS

DEBUG = flag("DEBUG", default=False)
HTTPS = flag("HTTPS", default=not DEBUG)
# Nobody is asked to log in: for trying out. Servers that others can reach refuse to start with it.
OPEN_MODE = flag("OPEN_MODE", default=False)
# A database that could forget what it acknowledged is refused at the start; not by tests.
DURABLE = flag("DURABLE", default=True)

# A subscription further behind than so many seconds makes a server not ready. By default none does:
# commands need no worker, and a balancer that asks /readyz would take away what still works.
SUBSCRIPTIONS_READY_LAG = seconds("SUBSCRIPTIONS_READY_LAG", default=float("inf"))

# amqp://user:password@host:5672/virtual-host: RabbitMQ, for persisted_async. Without it workers
# follow the log.
BROKER_URL = os.environ.get("BROKER_URL", "")

# Everybody can read these, and with the key anybody can sign a session as anybody.
KNOWN_KEYS = (
    "development only, and refused elsewhere, because everybody can read it",
    "for-development-only-never-use-this-key-where-others-can-reach-it",  # that of .env.dev
)
SECRET_KEY = os.environ.get("SECRET_KEY", "").strip() or (KNOWN_KEYS[0] if DEBUG else "")
if not DEBUG and (len(SECRET_KEY) < 50 or SECRET_KEY in KNOWN_KEYS):
    raise ImproperlyConfigured(
        "SECRET_KEY is missing, too short, or known to everybody:"
        " set it to 50 or more random characters, or DEBUG=1 to develop."
    )

ALLOWED_HOSTS = names("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = names("CSRF_TRUSTED_ORIGINS")
# The variable is gunicorn's: who may say in headers what the client's scheme and address are.
FORWARDED_ALLOW_IPS = names("FORWARDED_ALLOW_IPS")

if url := os.environ.get("DATABASE_URL"):
    DATABASES = {"default": database(url, "cqrs_example.database")}
else:
    DATABASES = {"default": database(embedded_url(), "dev.embedded")}

# Traces and metrics, where their libraries are installed: without them there is nothing to pay for.
TRACED = find_spec("opentelemetry") is not None
MEASURED = find_spec("prometheus_client") is not None
for module in ["spans"] * TRACED + ["metrics"] * MEASURED:
    # Around all others: what those raise is measured too.
    AROUND_COMMANDS = [f"cqrs_example.telemetry.{module}.command", *AROUND_COMMANDS]
    AROUND_HANDLERS = [f"cqrs_example.telemetry.{module}.handler", *AROUND_HANDLERS]
if TRACED:
    AROUND_DELIVERIES = ["cqrs_example.telemetry.spans.delivery", *AROUND_DELIVERIES]

MIDDLEWARE = [
    *(["cqrs_example.telemetry.parents.receive"] if TRACED else []),
    "cqrs_example.correlation.correlate",
    "cqrs_example.addresses.probes",
    "cqrs_example.addresses.slashes",
    "cqrs_example.compression.Compression",
    # Early, so that every answer has it, also those of other middleware.
    "django.middleware.csp.ContentSecurityPolicyMiddleware"
    if django.VERSION >= (6,)
    else "cqrs_example.csp.content_security_policy",
    "cqrs_example.https.unbelieved",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "cqrs_example.waiting.read_your_writes",
    "cqrs_example.access.middleware.Access",
    "cqrs_example.time_zone.in_chosen_zone",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

AUTHENTICATION_BACKENDS = [
    # First: it refuses an account whose password was guessed at too often.
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
ACCESS_REALM = "warehouse"
# Open to all, on purpose; `manage.py check` names every other view that is.
OPEN_VIEWS = [
    "cqrs_example.health.healthz",
    "cqrs_example.health.readyz",
    "cqrs_example.telemetry.exposition.metrics",
    "cqrs_example.time_zone.time_zone",
]
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# Not the address alone: one person's five mistakes would lock out the office behind that address.
# docker/nginx.conf limits how fast an address can guess.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "cqrs_example.access.address.client_address"
# Else a person who tries again too early waits 15 minutes more, and a guesser locks out for good.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "cqrs_example.access.views.locked"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "cqrs_example" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cqrs_example.http.context_processors.command_id",
                "cqrs_example.access.context_processors.forbidden",
                "cqrs_example.notice.notice",
            ],
            "builtins": ["cqrs_example.tags"],
        },
    }
]

ROOT_URLCONF = "cqrs_example.urls"
WSGI_APPLICATION = "cqrs_example.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Messages travel in a cookie: a page that confirms a command costs no session.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_THOUSAND_SEPARATOR = True

# A sentence on every page, for the people who work with it.
NOTICE = ""

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "cqrs_example" / "static"]
WHITENOISE_USE_FINDERS = True

CSRF_FAILURE_VIEW = "cqrs_example.errors.csrf_failure"
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
}
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS

LOGGING = logs.configuration(
    logs.Text if DEBUG else logs.Json, level=os.environ.get("LOG_LEVEL", "INFO")
)

# A shipment that leaves this many or fewer is reported, and the stock page marks the product. After
# a change, `manage.py rebuild low_product_quantity_notification` and `manage.py rebuild low_stock`:
# these read models decide by it.
LOW_PRODUCT_QUANTITY = 5
# What is typed and is more than this is asked back, and more than 100 times what the product
# moved at once in its last 200 changes: scanners type codes as well.
PLAUSIBLE_QUANTITY = 10_000

# So many refused or failed commands are kept, and for so long.
REFUSALS_KEPT, REFUSALS_KEPT_DAYS = 100_000, 30
# So many timings of projections and policies, where AROUND_HANDLERS has them taken: those of one
# of 16 requests, because all cost a fifth of a command.
TIMINGS_ONE_OF = 16
TIMINGS_KEPT, TIMINGS_KEPT_DAYS = 100_000, 7

ADMIN_TITLE = "Warehouse: the log and the read models"

# What the inspection of the log links to: for the first part of a stream's name, the URL that takes
# the rest; for a projection, the stream that a row of its read model is about.
STREAM_PAGES = {"product": "product"}
# Where a word is looked for that somebody types to find events. Of any other field: `field:word`.
SEARCHABLE_FIELDS = ["sku", "reference"]
READ_MODEL_STREAMS = {
    "products": "product-{sku}",
    "low_product_quantity_notification": "product-{sku}",
    "low_stock": "product-{sku}",
    "shipping_report": "product-{sku}",
}
