"""Settings of the portal; everything that differs between sites comes from the environment.

DATABASE_URL, REDIS_URL   addresses of PostgreSQL and of a Redis-protocol server (`./portal` sets them)
PORTAL_MODE               production (default) | demo | test
PORTAL_VAR                folder for everything the portal writes (default ./var)
PORTAL_SECRETS            folder with one file per secret (default $PORTAL_VAR/secrets)
PORTAL_TODAY              business day for trials, e.g. 2022-04-20 (default: today; the demonstration: that day)
PORTAL_HOSTS              comma-separated host names; PORTAL_ORIGINS the same with scheme
PORTAL_CODE_SENDER        class that sends one-time codes of the household's own page (default none: slips only)
PORTAL_ANCHORS            folder where heads of the history are written down (default $PORTAL_VAR/anchors)
ROLE                      command (default) | web | worker: a pool of connections belongs in web processes only
"""

import os
from pathlib import Path

import environ
from django.utils.translation import gettext_lazy as _

from heating_portal.secrets import read_secret

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

PORTAL_MODE = env("PORTAL_MODE", default="production")
DEMONSTRATION = PORTAL_MODE == "demo"
PRODUCTION = PORTAL_MODE == "production"
ROLE = env("ROLE", default="command")
VAR_DIR = Path(env("PORTAL_VAR", default=str(BASE_DIR / "var"))).resolve()
SECRETS_DIR = Path(env("PORTAL_SECRETS", default=str(VAR_DIR / "secrets"))).resolve()
# The demonstration stands still on a day after its last heating season, while its policies are in force.
PORTAL_TODAY = env("PORTAL_TODAY", default="2022-04-20" if DEMONSTRATION else "")

SECRET_KEY = read_secret("django_key", SECRETS_DIR, PORTAL_MODE)
DEBUG = False
ALLOWED_HOSTS = env.list("PORTAL_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("PORTAL_ORIGINS", default=[])

INSTALLED_APPS = [
    "heating_portal.apps.PortalConfig",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "drf_spectacular",
    "django_htmx",
    "django_otp",
    "axes",
    "csp",
    "django_structlog",
    "core",
    "accounts",
    "jobs",
    "programmes",
    "households",
    "devices",
    "telemetry",
    "retrofits",
    "subsidies",
    "heatsupply",
    "supervision",
    "reports",
]

MIDDLEWARE = [
    "heating_portal.middleware.RequestReference",
    "heating_portal.middleware.ClientAddress",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "heating_portal.middleware.PlainRefusals",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.KnownDevice",
    "accounts.middleware.SessionLimits",
    "accounts.middleware.ActingUser",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.PrivatePages",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "heating_portal.urls"
WSGI_APPLICATION = "heating_portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "reports.context.shell",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- PostgreSQL: the truth ------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", default="postgres://postgres@127.0.0.1:5432/portal")}
DATABASES["default"].update(
    ENGINE="django.db.backends.postgresql",
    CONN_HEALTH_CHECKS=True,
    ATOMIC_REQUESTS=False,
)
DATABASES["default"].setdefault("OPTIONS", {})
# From process to process of one machine, a question by socket costs half of what it costs by port (decision 0384).
SOCKETS = env.str("PORTAL_DATABASE_SOCKETS", default="")
if DATABASES["default"]["HOST"] == "127.0.0.1" and os.access(
    f"{SOCKETS}/.s.PGSQL.{DATABASES['default']['PORT']}", os.R_OK | os.W_OK
):
    DATABASES["default"]["HOST"] = SOCKETS
# A page answers in milliseconds and two cores serve everybody: starting helpers and compiling costs more than it saves.
PAGE_PLANNING = {"jit": "off", "max_parallel_workers_per_gather": "0"}
if ROLE == "web" and PORTAL_MODE != "test":
    # CONN_HEALTH_CHECKS makes the pool throw away connections that a database restart has killed.
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": 8,
        "timeout": 3,
        "reconnect_timeout": 5,  # seconds; stock 300 lets a long outage echo for minutes after it is over
    }
    DATABASES["default"]["OPTIONS"]["options"] = " ".join(
        f"-c {name}={value}" for name, value in {"statement_timeout": "30000", **PAGE_PLANNING}.items()
    )
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 300
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis protocol: only hints and caches --------------------------------------------------------
REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
# Only API throttling counts in the cache: each process for itself, so that Redis may be away.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- People and sessions --------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "accounts.backends.PersonBackend"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
PASSWORD_HASHERS = ["accounts.hashers.TwoCoreArgon2PasswordHasher"]
PASSWORD_PROFILE = env("PORTAL_PASSWORD_PROFILE", default="djcp")  # djcp (等保: complexity, 90 days) | asvs
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "person_name", "person_no")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.ProfileValidator"},
]
SESSION_ENGINE = "accounts.session_engine"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_IDLE_S = 15 * 60 if not DEMONSTRATION else 4 * 3600
SESSION_ABSOLUTE_S = 8 * 3600
STEP_UP_S = 5 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "heating_portal.errors.csrf_failure"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "accounts.views.sign_in.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True  # accounts.SignIn is the record, sealed with the history
AXES_ENABLED = PORTAL_MODE != "test" or env.bool("PORTAL_TEST_LOCKOUT", default=False)
OTP_TOTP_ISSUER = "Clean heating portal"

# --- Transport ------------------------------------------------------------------------------------
HTTPS = env.bool("PORTAL_HTTPS", default=PRODUCTION)
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
BEHIND_PROXY = env.bool("PORTAL_BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
DATA_UPLOAD_MAX_NUMBER_FILES = 200  # photos of a day, sent at once
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
UPLOAD_MAX_BYTES = 30 * 2**20

# --- Files ----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_BUILD_DIR = VAR_DIR / "static_build"
STATICFILES_DIRS = [STATIC_BUILD_DIR] if STATIC_BUILD_DIR.is_dir() else []
# The interface's own build and nothing else: what libraries bring for pages we never show took most of the packing.
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # nobody asks for a name without its hash
FILES_DIR = VAR_DIR / "files"  # uploads and exports, encrypted at rest; served by views only
MEDIA_ROOT = FILES_DIR
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "heating_portal.staticfiles.Storage"
        if PORTAL_MODE != "test"
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = PORTAL_MODE == "test"

# --- Language and time ----------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# --- Celery: see heating_portal/celery.py ---------------------------------------------------------
JOB_LEASE_S = env.float("PORTAL_JOB_LEASE_S", default=60)
JOB_SWEEP_S = env.float("PORTAL_JOB_SWEEP_S", default=15)
HISTORY_SEAL_S = env.float("PORTAL_HISTORY_SEAL_S", default=5)
HISTORY_ANCHOR_S = env.float("PORTAL_HISTORY_ANCHOR_S", default=600)  # nothing is written while nothing happens
# Heads of the history, outside the database: best a folder of another machine, or one that only grows.
ANCHORS_DIR = Path(env("PORTAL_ANCHORS", default=str(VAR_DIR / "anchors"))).resolve()
POLL_TICK_S = env.float("PORTAL_POLL_TICK_S", default=5)
STREAM_S = env.int("PORTAL_STREAM_S", default=0 if PORTAL_MODE == "test" else 50)  # length of a stream
# A platform above that stands in the same private network: http and private addresses for webhooks (docs/telemetry.md).
WEBHOOK_INSIDE = env.bool("PORTAL_WEBHOOK_INSIDE", default=False)
READINGS_KEPT_DAYS = env.int("PORTAL_READINGS_KEPT_DAYS", default=90)  # 0: none is ever dropped

# --- Heater lines ---------------------------------------------------------------------------------
HUB_LISTEN = env("PORTAL_HUB_LISTEN", default="127.0.0.1:7501")
HUB_CONTROL = env("PORTAL_HUB_CONTROL", default="127.0.0.1:7502")
HUB_SECRET = read_secret("hub_secret", SECRETS_DIR, PORTAL_MODE)
RUN_DIR = VAR_DIR / "run"  # relative serial lines are seen from here

# --- Personal data --------------------------------------------------------------------------------
FIELD_CIPHER = env("PORTAL_FIELD_CIPHER", default="AES-GCM")  # or SM4-GCM
FIELD_KEY_CURRENT = ""  # id of the key that writes; empty: the newest
DIGEST = env("PORTAL_DIGEST", default="SHA-256")  # or SM3
# Who sends one-time codes of the household's own page (reports/public/senders.py); "": nobody, slips only.
CODE_SENDER = env("PORTAL_CODE_SENDER", default="outbox" if DEMONSTRATION else "")

# --- Lists ----------------------------------------------------------------------------------------
FILTERS_EMPTY_CHOICE_LABEL = _("all")  # a filter that is not set shows everything; a dash says nothing

# --- API ------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.HasRight"],
    "EXCEPTION_HANDLER": "accounts.api_errors.refusal",
    "DEFAULT_FILTER_BACKENDS": [
        "accounts.api.VisibleToUser",
        "django_filters.rest_framework.DjangoFilterBackend",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.UserRateThrottle",
        "rest_framework.throttling.AnonRateThrottle",
    ],
    "NUM_PROXIES": 0,  # REMOTE_ADDR is already true (heating_portal.middleware.ClientAddress)
    "DEFAULT_THROTTLE_RATES": {"user": "600/min", "anon": "30/min"},
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Clean heating portal",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "WEBHOOKS": ["telemetry.api.READINGS_SENT"],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_NAME_OVERRIDES": {
        "CaseKind": "supervision.kinds.Kind",
        "CaseSource": "supervision.kinds.Source",
        "CaseState": "supervision.models.cases.Case.State",
        "PointKind": "supervision.models.network.NetworkPoint.Kind",
    },
}

# --- Logs: JSON, UTC, no personal data ------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "core.logging.json_formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": os.environ.get("PORTAL_LOG_LEVEL", "INFO")},
    "loggers": {"django.db.backends": {"level": "INFO"}, "django_structlog": {"level": "WARNING"}},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
