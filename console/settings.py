"""Settings of the console. Everything that differs by installation comes from the environment."""

import os
from datetime import timedelta
from math import ceil
from pathlib import Path

from console import environment
from console.keys import checked, kept_keys, kept_secret, signing_key

BASE_DIR = Path(__file__).resolve().parent.parent

# All state lives here: database, Parquet files, results, keys, sandbox.
HOME = environment.folder("CONSOLE_HOME", BASE_DIR / "var")
os.umask(0o077)  # What is written there is for the console's own user.
TABLES_DIR = HOME / "tables"
RESULTS_DIR = HOME / "results"
DELIVERIES_DIR = HOME / "deliveries"
UPLOADS_DIR = HOME / "uploads"
SPILL_DIR = HOME / "spill"
DELIVERED_DIR = HOME / "delivered"

DEBUG = environment.flag("CONSOLE_DEBUG")
HTTPS = environment.flag("CONSOLE_HTTPS")
ALLOWED_HOSTS = environment.words("CONSOLE_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.origins("CONSOLE_TRUSTED_ORIGINS")
PUBLIC_URL = environment.origin("CONSOLE_PUBLIC_URL", "http://127.0.0.1:8000")

# WAL and IMMEDIATE: without them concurrent workers meet "database is locked". FULL: else a power
# cut undoes what was written last, and what was delivered is delivered again.
DATABASES = {
    "default": environment.database("CONSOLE_DATABASE_URL")
    or {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME / "console.sqlite3",
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
        # A file, so that threads and processes of a test see the same rows as in production.
        "TEST": {"NAME": HOME / "test.sqlite3"},
    }
}

# Fernet keys that encrypt authentications, newest first. Older keys only decrypt.
ENCRYPTION_KEYS = checked(
    environment.words("CONSOLE_ENCRYPTION_KEYS"), "CONSOLE_ENCRYPTION_KEYS"
) or kept_keys(HOME / "keys/encryption_keys", DATABASES["default"])
SECRET_KEY = environment.text("CONSOLE_SECRET_KEY") or kept_secret(HOME / "keys/secret_key")
# Signs receipts. The public half of it, which checks them, is what `manage.py receipt_key` prints.
RECEIPT_KEY = signing_key(environment.text("CONSOLE_RECEIPT_KEY"), HOME / "keys/receipt_key")
# Seals the keys in backups that are made with them.
BACKUP_PASSPHRASE = environment.text("CONSOLE_BACKUP_PASSPHRASE")

INSTALLED_APPS = [
    "console",
    "integrations",
    "activations",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.forms",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "django_ace",
    "heroicons",
    "django_q",
]
MIDDLEWARE = [
    "console.middleware.content_security_policy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "console.middleware.not_kept",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "console.middleware.stays_logged_in",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "console.urls"
WSGI_APPLICATION = "console.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Shared by web and cluster processes: django-q publishes its state through it.
CACHES = {
    "default": environment.redis("CONSOLE_REDIS_URL")
    or {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": HOME / "cache",
        # Where there is no room, any entry goes: wrong log-ins must not be forgotten that way.
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # no collectstatic: served from where they are

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SESSION_COOKIE_AGE = 8 * 3600  # without a page; it begins anew with one
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Of this host alone: that others below its name speak HTTPS is not for the console to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # our own <select> and <input>
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# Mail to people about their queries. Without a host, messages are kept and nothing is sent.
EMAIL_HOST = environment.text("CONSOLE_MAIL_HOST")
EMAIL_PORT = environment.number("CONSOLE_MAIL_PORT", 587, least=1)
EMAIL_HOST_USER = environment.text("CONSOLE_MAIL_USER")
EMAIL_HOST_PASSWORD = environment.text("CONSOLE_MAIL_PASSWORD")
MAIL_SECURITY = environment.choice("CONSOLE_MAIL_SECURITY", "starttls", ("starttls", "tls", "none"))
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL_SECURITY == "starttls", MAIL_SECURITY == "tls"
EMAIL_TIMEOUT = 20  # seconds
DEFAULT_FROM_EMAIL = environment.text("CONSOLE_MAIL_FROM", "console@localhost")

# Where administrators are told, beside their mail, of what does not run. Signed with the secret;
# without one it is a message for Slack.
WEBHOOK_URL = environment.address("CONSOLE_WEBHOOK_URL")
WEBHOOK_SECRET = environment.signing_secret("CONSOLE_WEBHOOK_SECRET")
ALARM_AFTER = timedelta(seconds=environment.number("CONSOLE_ALARM_SECONDS", 300, least=10))
# Administrators are told where the disk of the home has less left. 0: never.
DISK_FREE_MB = environment.number("CONSOLE_DISK_FREE_MB", 5120)
# Called each minute while all is well, for somebody outside who notices that it stops.
HEARTBEAT_URL = environment.address("CONSOLE_HEARTBEAT_URL")

# Whoever shows it as `Authorization: Bearer …` may read /metrics. None: admins only.
METRICS_TOKEN = environment.text("CONSOLE_METRICS_TOKEN")

# Limits of one query, enforced on the child process that runs it.
QUERY_MEMORY_MB = environment.number("CONSOLE_QUERY_MEMORY_MB", 1024, least=128)
QUERY_THREADS = environment.number("CONSOLE_QUERY_THREADS", 2, least=1)
QUERY_TEMP_MB = environment.number("CONSOLE_QUERY_TEMP_MB", 20_480)
QUERY_RESULT_MB = environment.number("CONSOLE_QUERY_RESULT_MB", 20_480, least=1)
QUERY_SECONDS = environment.number("CONSOLE_QUERY_SECONDS", 3600, least=1)
# The Trino cluster that databases can be on. Without its address there are none of these.
TRINO_URL, TRINO_PASSWORD = environment.cluster("CONSOLE_TRINO_URL", "CONSOLE_TRINO_PASSWORD")
TRINO_USER = environment.name_on("CONSOLE_TRINO_USER", TRINO_URL, TRINO_PASSWORD)
# Functions that are told which databases were built, in the transaction that switches the tables:
# what is above the tables follows them.
AFTER_BUILD = ["activations.segments.rewriting.follow_build"]
RESULT_RETENTION = timedelta(days=environment.number("CONSOLE_RESULT_DAYS", 90, least=1))
# How long it is kept who got what. With 0 it is not written down.
DELIVERY_LOG = timedelta(days=environment.number("CONSOLE_DELIVERY_LOG_DAYS", 90, least=0))
WEB_PROCESSES = environment.web_processes()
WEB_THREADS = environment.number("CONSOLE_WEB_THREADS", 8, least=1)
UPLOAD_MAX_MB = environment.number("CONSOLE_UPLOAD_MAX_MB", 2048, least=1)
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a parent segment has some for each column of its tables
# Networks beside the public internet that exports may reach. Never the cloud metadata addresses.
EGRESS_NETWORKS = environment.networks(
    "CONSOLE_EGRESS_NETWORKS", "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"
)
# Where exports come from, as their receivers see it; for people to pass on, nothing depends on it.
EGRESS_ADDRESSES = environment.addresses("CONSOLE_EGRESS_ADDRESSES")
# Whether exports may sign in to S3 as the role that a cloud gave this machine.
S3_INSTANCE_ROLE = environment.flag("CONSOLE_S3_INSTANCE_ROLE")
# A home of the quickstart is a rehearsal: its exports reach the sandbox on this machine.
SANDBOX_DIR = None
if (HOME / "quickstart").exists():
    EGRESS_NETWORKS = [*EGRESS_NETWORKS, "127.0.0.0/8"]
    SANDBOX_DIR = HOME / "sandbox"  # where it keeps what it received

# A job may last this long in all. django-q's own limits come after it, never before.
JOB_SECONDS = environment.number("CONSOLE_JOB_SECONDS", 6 * 3600, least=60)
WORKERS = environment.number("CONSOLE_WORKERS", 2, least=1)
Q_CLUSTER = {
    "name": "console",
    "orm": "default",
    "broker_class": "console.broker.Broker",
    "workers": WORKERS,
    "queue_limit": 1,
    "bulk": 1,
    "poll": 0.2,
    "timeout": JOB_SECONDS + 60,
    "retry": (JOB_SECONDS + 60) * (1 + ceil(2 / WORKERS)) + 60,
    "ack_failures": True,
    "max_attempts": 1,
    "catch_up": False,
    "save_limit": 250,
    "recycle": 200,
    "max_rss": 800_000,
    "label": "Queue",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "console.logs.Lines"}, "json": {"()": "console.logs.Json"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": environment.choice("CONSOLE_LOG_FORMAT", "lines", ("lines", "json")),
        }
    },
    "root": {
        "handlers": ["stderr"],
        "level": environment.choice(
            "CONSOLE_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")
        ),
    },
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # Their lower levels tell user names, file names and addresses of every step.
        **{name: {"level": "WARNING"} for name in ("paramiko", "urllib3", "botocore")},
        "django-q": {"level": "WARNING"},  # it tells of every message; jobs have logs of their own
    },
}

environment.refuse_unknown()
