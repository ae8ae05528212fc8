"""The settings, read from the environment; an invalid value stops the start (see ``config.environment``)."""

import datetime
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
from django.http import HttpRequest
from django.templatetags.static import static
from kombu import Queue

from config import embedded, environment, logs
from config.embedded import PROJECT

# ``ModelAdmin[Follower]`` and its like are subscriptable at run time as well.
django_stubs_ext.monkeypatch()

# --- Where things run -------------------------------------------------------------------------------------

EMBEDDED = not embedded.is_configured("DATABASE_URL")
LOCAL = embedded.local_folder()
DEBUG = environment.flag("DEBUG", default=EMBEDDED)
PORT = environment.number("PORT", 8000, least=1, most=65535)
PUBLIC_URL = environment.public_address("PUBLIC_URL", f"http://127.0.0.1:{PORT}")
SECRET_KEY = environment.secret("SECRET_KEY", embedded=EMBEDDED)
FIELD_ENCRYPTION_KEYS = environment.field_keys(environment.secret("FIELD_ENCRYPTION_KEYS", embedded=EMBEDDED))
ALLOWED_HOSTS = [
    *environment.host_names("ALLOWED_HOSTS"),
    str(urlsplit(PUBLIC_URL).hostname),
    *(["localhost", "127.0.0.1", "[::1]"] if DEBUG else []),
]

WECHAT_API_BASE = environment.web_address("WECHAT_API_BASE", "https://api.weixin.qq.com")
WECHAT_PAY_API_BASE = environment.web_address("WECHAT_PAY_API_BASE", "https://api.mch.weixin.qq.com")
WECHAT_OPEN_BASE = environment.web_address("WECHAT_OPEN_BASE", "https://open.weixin.qq.com")
WECHAT_MP_BASE = environment.web_address("WECHAT_MP_BASE", "https://mp.weixin.qq.com")

# --- Applications -----------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.simple_history",
    "config.admin_site.ConsoleAdminConfig",
    "accounts.staff.apps.SignInConfig",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "simple_history",
    "wechat.kernel",
    "wechat.console",
    "accounts.official",
    "accounts.staff",
    "accounts.approvals",
    "accounts.operations",
    "accounts.followers",
    "wechat.api",
    "wechat.webhooks",
    "wechat.inbox",
    "wechat.materials",
    "wechat.articles",
    "wechat.statistics",
    "wechat.contents",
    "wechat.login",
    "wechat.pushes",
    "wechat.replies",
    "wechat.channels",
    "wechat.desk",
    "wechat.campaigns",
    "menus",
    "payments.merchants",
    "payments.orders",
    "payments.bills",
    "payments.notifications",
    "payments.shop",
]
MIDDLEWARE = [
    "config.content_security.ContentSecurityPolicy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.RequestMiddleware",
    "config.outages.OutageMiddleware",
    "config.middleware.Notifications",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.middleware.CleanForms",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.staff.sessions.SessionMiddleware",
    "accounts.staff.personal_data.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.middleware.EndedSessions",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PROJECT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["accounts.staff.templatetags.gate", "accounts.approvals.templatetags.approvals"],
        },
    }
]

# --- Postgres and Redis -----------------------------------------------------------------------------------

DATABASE_URL = environment.variable_or_embedded("DATABASE_URL", embedded.database_url)
DATABASE = environment.database("DATABASE_URL", DATABASE_URL)
REDIS_URL = environment.redis_address(
    "REDIS_URL", environment.variable_or_embedded("REDIS_URL", embedded.redis_url)
)
DATABASES = {
    "default": {
        **DATABASE,
        "ENGINE": "django.db.backends.postgresql",
        # They outlive their transaction, at whose end a pooler gives the connection to somebody else. What is
        # too large for memory is read with a cursor within a transaction.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            # What its query says, as ``sslmode=verify-full`` or ``target_session_attrs=read-write``.
            **DATABASE.get("OPTIONS", {}),
            "pool": {
                "min_size": 1,
                "max_size": environment.number("DB_POOL_SIZE", 8, least=2, most=500),
                # Seconds; who waits for a page while Postgres is away is told sooner, see ``config.outages``.
                "timeout": 5,
            },
            "connect_timeout": 2,
            # A host that vanished is noticed within ten seconds, not after the system's quarter of an hour.
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Half a second everywhere: a Redis that accepts and never answers must not hold up anybody.
REDIS_TIMEOUTS: dict[str, Any] = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "wc",
        "OPTIONS": {"CONNECTION_POOL_KWARGS": REDIS_TIMEOUTS},
    }
}

# --- Celery: a wake-up, never the record -----------------------------------------------------------------

CELERY_BROKER_URL = environment.service_address(
    "CELERY_BROKER_URL",
    environment.variable("CELERY_BROKER_URL") or REDIS_URL,
    "redis",
    "rediss",
    "amqp",
    "amqps",
)
# In turns: with interactive work always first, bulk work stood still as long as workers were busy. As each
# worker keeps a process for interactive work (``wechat.kernel.work.places``), it does not wait for bulk work.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **REDIS_TIMEOUTS,
    "visibility_timeout": 600,
    "queue_order_strategy": "round_robin",
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# max_retries 0 gives up after one half-second attempt; publish_retry = False was measured at up to 6.6 s.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 0}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "interactive"
# On RabbitMQ alone: quorum queues outlive a node of its cluster, and cannot be made of classic ones.
QUEUE_ARGUMENTS = (
    {"x-queue-type": "quorum"}
    if environment.choice("CELERY_QUEUE_TYPE", "classic", "quorum") == "quorum"
    else None
)
CELERY_TASK_QUEUES = [Queue(name, queue_arguments=QUEUE_ARGUMENTS) for name in ("interactive", "bulk")]
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "Asia/Shanghai"
# Without ``expires``, which compares the clocks of two machines: a worker that was ahead by more than a
# second would take no tick at all. Those that gather while no worker runs are skipped by the tick itself.
CELERY_BEAT_SCHEDULE = {"tick": {"task": "kernel.tick", "schedule": 1.0}}
CELERY_BEAT_SCHEDULER = "config.beat:Scheduler"

# --- Pages ------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
# The second one holds what the admin skin says.
LOCALE_PATHS = [PROJECT / "config" / "locale", PROJECT / "config" / "skin" / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = PROJECT / "staticfiles"
# The second one are pictures of the guides, which are pages of the console as well.
STATICFILES_DIRS = [PROJECT / "config" / "static", ("guide", PROJECT / "docs" / "images")]
WHITENOISE_USE_FINDERS = DEBUG
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT", "").strip() or LOCAL / "media")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
# What Django 6 does anyway: an address typed without a scheme is https.
FORMS_URLFIELD_ASSUME_HTTPS = True


def _console_file(name: str) -> Callable[[HttpRequest], str]:
    """Returns what the skin calls for the address of a static file, which is known only after the start."""
    return lambda request: static(f"console/{name}")


UNFOLD = {
    "SITE_TITLE": "WeChat Console",
    "SITE_HEADER": "WeChat Console",
    "SITE_SYMBOL": "forum",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _console_file("icon.svg")}],
    "SHOW_LANGUAGES": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": False,
    "BORDER_RADIUS": "6px",
    "STYLES": [_console_file("console.css"), _console_file("picker.css")],
    "SCRIPTS": [
        _console_file(name)
        for name in ("console.js", "errors.js", "search.js", "picker.js", "todo.js", "voices.js")
    ],
    # WeChat's green, darkened until white text on 600 reads well (5:1).
    "COLORS": {
        "primary": {
            "50": "#effaf3",
            "100": "#d8f3e2",
            "200": "#b3e6c9",
            "300": "#80d2a8",
            "400": "#48b781",
            "500": "#279c66",
            "600": "#1a7d50",
            "700": "#156442",
            "800": "#134f36",
            "900": "#11412e",
            "950": "#08251a",
        }
    },
    "GLOBAL_CALLBACK": "config.navigation.account_switch",
    "ACCOUNT": {"navigation": "config.navigation.account_links"},
    "SIDEBAR": {"navigation": "config.navigation.sidebar"},
    "DASHBOARD_CALLBACK": "config.dashboard.dashboard",
}

# --- Signing in -------------------------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# The link to a first password, see ``accounts.staff.first_password``.
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600

# --- Mail: without an address none is sent ------------------------------------------------------------------

MAIL = environment.mail("EMAIL_URL")
EMAIL_HOST, EMAIL_PORT = MAIL.get("EMAIL_HOST", ""), MAIL.get("EMAIL_PORT", 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.get("EMAIL_HOST_USER", ""), MAIL.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.get("EMAIL_USE_TLS", False), MAIL.get("EMAIL_USE_SSL", False)
# Somebody waits for the page while it is handed over.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = environment.mail_sender("EMAIL_FROM", f"console@{urlsplit(PUBLIC_URL).hostname}")

# --- HTTP -------------------------------------------------------------------------------------------------

SECURE_PROXY = PUBLIC_URL.startswith("https://")
# Whose X-Forwarded-For is believed: so many proxies, or those in these networks.
TRUSTED_PROXIES = environment.trusted_proxies("TRUSTED_PROXIES", 1 if SECURE_PROXY else 0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE_PROXY else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_PROXY
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "config.error_pages.form_refused"
# A page of the console sends the number and the place of each of 5,000 rules, which is more than any other
# form has: 500 keywords of one rule, say.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_PROXY else 0
SECURE_SSL_REDIRECT = SECURE_PROXY
# W005 and W021 ask for HSTS on all hosts below ours, and in the browsers' own lists. Which of them speak TLS
# is known to whom the domain belongs to, whose proxy may add both.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
APPEND_SLASH = True
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "WeChat Console",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    # The page's scripts come from here, not from somebody else's server.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Several things have a state; one that appears in two of them gets no name by itself.
    "ENUM_NAME_OVERRIDES": {"OrderStateEnum": "payments.orders.states.OrderState"},
}

DEFAULT_EXCEPTION_REPORTER_FILTER = "config.error_pages.ReporterFilter"
environment.traces_receiver("OTEL_EXPORTER_OTLP_ENDPOINT")
LOGGING = logs.logging_config(readable=DEBUG)
# The one line of a request is written by ``config.request_log``, which also sees what never comes to Django.
DJANGO_STRUCTLOG_STATUS_DEFAULT_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.DEBUG
# More callbacks than that in a second share one line.
CALLBACK_LINES_PER_SECOND = environment.number("CALLBACK_LINES_PER_SECOND", 20, least=0, most=100_000)
# So many sends in a second, and so many webhooks, have a line; of those that failed as many again.
SEND_LINES_PER_SECOND = environment.number("SEND_LINES_PER_SECOND", 20, least=0, most=100_000)

# Read by the library of metrics, which would count in a folder that is not there without saying so.
environment.existing_folder("PROMETHEUS_MULTIPROC_DIR")
# Where a worker tells what its processes counted; 0 for one that shares its folder with a web process.
METRICS_PORT = environment.number("METRICS_PORT", 0, least=0, most=65535)

# For how many days what is kept, by class of data (see ``wechat.kernel.retention``); 0 is for ever.
RETENTION_DAYS = {
    name: environment.number(f"KEEP_{name.upper()}_DAYS", days, least=0, most=36_500)
    for name, days in {
        "exports": 30,
        "uploads": 30,
        "media": 365,
        "messages": 0,
        "deliveries": 90,
        "unsaved_articles": 30,
    }.items()
}
# A send planned for a time that is longer ago waits until somebody says that it is still wanted.
OVERDUE_SENDS_ASK_AFTER = datetime.timedelta(
    minutes=environment.number("OVERDUE_SENDS_ASK_AFTER", 60, least=1, most=100_000)
)
# Pages at a time in one process; callbacks need no thread.
WEB_THREADS = environment.number("WEB_THREADS", 8, least=1, most=200)

# Whether callbacks are let in from WeChat's own addresses only, see ``accounts.official.callback_addresses``.
CALLBACK_ALLOW_LIST = environment.flag("CALLBACK_ALLOW_LIST", default=False)

# --- Work of our own --------------------------------------------------------------------------------------

# Seconds between two looks at whether accounts or rules were edited elsewhere; 0 looks every time.
CACHE_VERSION_INTERVAL = 0.5
