"""The settings that all modes share. To import them starts nothing and connects to nothing."""

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
# With it nobody has to log in, for trying out. A server that others can reach then does not start.
OPEN_MODE = flag("OPEN_MODE", default=False)
# With it a server refuses to start on a database that could lose acknowledged commands. Tests turn
# it off.
DURABLE = flag("DURABLE", default=True)

# If a subscription is further behind than so many seconds, /readyz answers 503. By default no lag
# does that: commands need no worker, and a load balancer would take working servers away.
SUBSCRIPTIONS_READY_LAG = seconds("SUBSCRIPTIONS_READY_LAG", default=float("inf"))

# amqp://user:password@host:5672/virtual-host: RabbitMQ, for persisted_async. Without it workers
# follow the log.
BROKER_URL = os.environ.get("BROKER_URL", "")

# Everybody can read these published keys, and whoever has the key can sign a session of anybody.
KNOWN_KEYS = (
    "development only, and refused elsewhere, because everybody can read it",
    "for-development-only-never-use-this-key-where-others-can-reach-it",  # the key of .env.dev
)
SECRET_KEY = os.environ.get("SECRET_KEY", "").strip() or (KNOWN_KEYS[0] if DEBUG else "")
if not DEBUG and (len(SECRET_KEY) < 50 or SECRET_KEY in KNOWN_KEYS):
    raise ImproperlyConfigured(
        "SECRET_KEY is missing, too short, or known to everybody:"
        " set it to 50 or more random characters, or DEBUG=1 to develop."
    )

ALLOWED_HOSTS = names("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = names("CSRF_TRUSTED_ORIGINS")
# gunicorn reads this variable too: these proxies may say in headers which scheme and address the
# client has.
FORWARDED_ALLOW_IPS = names("FORWARDED_ALLOW_IPS")

if url := os.environ.get("DATABASE_URL"):
    DATABASES = {"default": database(url, "cqrs_example.database")}
else:
    DATABASES = {"default": database(embedded_url(), "dev.embedded")}

# Traces and metrics, if their libraries are installed: otherwise they cost nothing.
TRACED = find_spec("opentelemetry") is not None
MEASURED = find_spec("prometheus_client") is not None
for module in ["spans"] * TRACED + ["metrics"] * MEASURED:
    # Before all others, so that the errors of those are measured, too.
    AROUND_COMMANDS = [f"cqrs_example.telemetry.{module}.command", *AROUND_COMMANDS]
    AROUND_HANDLERS = [f"cqrs_example.telemetry.{module}.handler", *AROUND_HANDLERS]
if TRACED:
    AROUND_DELIVERIES = ["cqrs_example.telemetry.spans.delivery", *AROUND_DELIVERIES]

MIDDLEWARE = [
    *(["cqrs_example.telemetry.parents.receive"] if TRACED else []),
    "cqrs_example.correlation.correlate",
    "cqrs_example.addresses.probes",
    "cqrs_example.addresses.slashes",
    # Also against BREACH: it adds a random number of bytes, and Django masks the CSRF token anew.
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
    # First: it refuses an account after too many wrong passwords.
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
# Views that need no login, on purpose; `manage.py check` names every other such view.
OPEN_VIEWS = [
    "cqrs_example.health.healthz",
    "cqrs_example.health.readyz",
    "cqrs_example.telemetry.exposition.metrics",
    "cqrs_example.time_zone.time_zone",
]
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# Not by the address alone: five mistakes of one person would lock out all people behind that
# address. docker/nginx.conf limits how fast an address can guess.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "cqrs_example.access.address.client_address"
# Otherwise a person who tries again too early would wait 15 minutes more, and somebody who guesses
# all the time could lock an account out for ever.
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
# Messages are in a cookie, so that a page which confirms a command needs no session.
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
# A form asks back once about a larger quantity, and about more than 100 times the largest of the
# product's last 200 changes, since a scanner may have typed a code into the field.
PLAUSIBLE_QUANTITY = 10_000

# How many refused and failed commands are kept, and for how many days.
REFUSALS_KEPT, REFUSALS_KEPT_DAYS = 100_000, 30
# How many timings of projections and policies are kept, if AROUND_HANDLERS names `timed`. They are
# those of one request in 32, because all would cost a fifth of a command's processor time.
TIMINGS_ONE_OF = 32
TIMINGS_KEPT, TIMINGS_KEPT_DAYS = 100_000, 7

ADMIN_TITLE = "Warehouse: the log and the read models"

# The links of the inspection. STREAM_PAGES maps the first part of a stream's name to the URL that
# takes the rest; READ_MODEL_STREAMS maps a projection to the stream that a row is about.
STREAM_PAGES = {"product": "product"}
# The fields in which a search looks for a word. `field:word` looks in any other field.
SEARCHABLE_FIELDS = ["sku", "reference"]
READ_MODEL_STREAMS = {
    "products": "product-{sku}",
    "low_product_quantity_notification": "product-{sku}",
    "low_stock": "product-{sku}",
    "shipping_report": "product-{sku}",
}
