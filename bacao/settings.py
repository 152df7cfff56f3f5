"""Settings, all of them from the environment, each with a default that works (`bacao doctor` lists them)."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pghistory

from bacao.kit.logs import logging_settings
from bacao.kit.paths import ROOT, VAR, make_secret

# A statement that is kept is planned once, for whatever values come: its tables are found by their keys in any case.
# A page that is looked for costs hardly more than the next one: what is served stays in memory, and disks do not turn.
PLANNING = "-c plan_cache_mode=force_generic_plan -c random_page_cost=1.1"


def _database(url: str) -> dict[str, Any]:
    """Return Django's settings for a `postgresql://user:password@host:port/name?host=/socket/dir` address."""
    parts = urlsplit(url)
    options = {"application_name": "bacao", "options": PLANNING} | dict(parse_qsl(parts.query))
    host, port = options.pop("host", parts.hostname or ""), options.pop("port", parts.port or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "bacao",
        "USER": unquote(parts.username or "postgres"),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
        "TEST": {"NAME": os.environ.get("BACAO_TEST_DATABASE", "test_bacao")},
    }


def _email(url: str) -> dict[str, Any]:
    """Return Django's e-mail settings for `smtp://user:password@host:587` or `smtps://...:465`; empty = the log."""
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    parts = urlsplit(url)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme != "smtps" and parts.hostname not in {"localhost", "127.0.0.1"},
        "EMAIL_TIMEOUT": 10,
    }


SECRET_KEY = os.environ.get("BACAO_SECRET_KEY") or make_secret(VAR / "secret").hex()
SIGNING_KEYS = os.environ.get("BACAO_SIGNING_KEYS", "")  # of signed symbols, `2026-4:hex,...`; else var/signing
DEBUG = os.environ.get("BACAO_DEBUG") == "1"
# sign-in codes are shown on screen, the sandbox pays; on by itself only where `bacao up` made the demo city
DEMO = os.environ.get("BACAO_DEMO", "1" if (VAR / "demo").exists() else "0") == "1"
PORT = int(os.environ.get("BACAO_PORT", "8000"))
BASE_URL = os.environ.get("BACAO_BASE_URL", f"http://localhost:{PORT}")
ALLOWED_HOSTS = os.environ.get("BACAO_HOSTS", "*" if DEMO else "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "csp",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "bacao.kit",
    "bacao.accounts",
    "bacao.ledger",
    "bacao.sandbox",
    "bacao.places",
    "bacao.notes",
    "bacao.offers",
    "bacao.orders",
    "bacao.redemption",
    "bacao.reviews",
    "bacao.discovery",
    "bacao.web",
    "bacao.web.desk.apps.DeskConfig",  # the admin; after bacao.web, whose templates come first
]

MIDDLEWARE = [
    "bacao.web.api.door.CounterDoor",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bacao.web.middleware.RequestLogMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "bacao.web.middleware.WhoChangedMiddleware",
    "bacao.web.middleware.RequestContextMiddleware",
    "bacao.web.errors.RefusedMiddleware",
]

ROOT_URLCONF = "bacao.web.urls"
WSGI_APPLICATION = "bacao.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "bacao.web.context.page",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "bacao.web.templatetags.bacao",
                "bacao.web.templatetags.icons",
                "bacao.web.templatetags.covers",
            ],
        },
    }
]

DATABASES = {
    "default": _database(os.environ.get("DATABASE_URL") or f"postgresql://postgres@/bacao?host={VAR}/postgres")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'wasm-unsafe-eval'"],  # the code reader is WebAssembly
        "style-src": ["'self'", "'unsafe-inline'"],  # covers carry their tint in a style attribute
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'self'"],
        "object-src": ["'none'"],
    }
}
SESSION_COOKIE_AGE = 180 * 24 * 3600
HTTPS = BASE_URL.startswith("https://")
EDGE = os.environ.get("BACAO_EDGE") == "1"  # nginx of `bacao up --edge` sends the files that a view may hand out
PROXIES = int(os.environ.get("BACAO_PROXIES", "0"))  # how many stand in front, nginx being one
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 30 * 24 * 3600 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None  # anybody else could make it up

# allauth signs people in; the codes are ours (docs/decisions/0007)
ACCOUNT_ADAPTER = "bacao.web.sign_in.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ALLAUTH_TRUSTED_PROXY_COUNT = PROXIES

PHONE_REGION = os.environ.get("BACAO_PHONE_REGION", "CN")  # of numbers typed without a country code
SMS_PROVIDER = os.environ.get("BACAO_SMS_PROVIDER", "log")  # log or webhook
SMS_URL = os.environ.get("BACAO_SMS_URL", "")
SMS_SECRET = os.environ.get("BACAO_SMS_SECRET", "")
globals().update(_email(os.environ.get("BACAO_EMAIL_URL", "")))
DEFAULT_FROM_EMAIL = os.environ.get("BACAO_EMAIL_FROM", "Bacao <bacao@localhost>")

# Who changed what (docs/decisions/0008): the row as it was before each update and delete
PGHISTORY_DEFAULT_TRACKERS = (pghistory.UpdateEvent(row="OLD"), pghistory.DeleteEvent())
PGHISTORY_APPEND_ONLY = True
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [ROOT / "bacao" / "web" / "locale"]
LANGUAGE_COOKIE_AGE = 400 * 24 * 3600
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("BACAO_TIME_ZONE", "Asia/Shanghai")
CURRENCY = os.environ.get("BACAO_CURRENCY", "CNY")
# where people look from who chose nothing, in a city without districts
CITY_CENTRE = tuple(map(float, os.environ.get("BACAO_CENTRE", "30.2550,120.1620").split(",")))

# Who takes the money: the first one new payments, the others what they took before (docs/algorithms/settlement.md)
PAYMENT_PROVIDERS = os.environ.get("BACAO_PAYMENT_PROVIDERS", "sandbox").split(",")
SANDBOX_URL = os.environ.get("BACAO_SANDBOX_URL", f"{BASE_URL}/sandbox")  # where jobs reach its server
SANDBOX_MERCHANT = "bacao"
SANDBOX_SECRET = os.environ.get("BACAO_SANDBOX_SECRET") or sha256(f"sandbox {SECRET_KEY}".encode()).hexdigest()

# `bacao build` collects one tree per content, so that its address may be cached for ever; DEBUG serves the sources
_collected = VAR / "static" / "current"
_tree = "dev" if DEBUG or not _collected.exists() else _collected.read_text().strip()
STATIC_URL = f"/static/{_tree}/"
STATIC_ROOT = Path(os.environ.get("BACAO_STATIC_ROOT", VAR / "static" / _tree))
_static_sources = [
    ("vendor/maplibre", ROOT / "node_modules/maplibre-gl/dist"),
    ("vendor/htmx", ROOT / "node_modules/htmx.org/dist"),
    ("vendor/zxing", ROOT / "node_modules/zxing-wasm/dist"),
    ("vendor/uqr", ROOT / "node_modules/uqr/dist"),
    ("vendor/noble", ROOT / "node_modules/@noble/ed25519"),
    ("emoji", VAR / "emoji"),
]
STATICFILES_DIRS = [(name, folder) for name, folder in _static_sources if folder.exists()]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 3600
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/[0-9a-f]{12}/"
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR / "media"
DATA_UPLOAD_MAX_NUMBER_FILES = 12
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

LOGGING = logging_settings(os.environ.get("BACAO_LOG_LEVEL", "INFO").upper())

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
PROCRASTINATE_WORKER_DEFAULTS = {
    "concurrency": 4,
    "delete_jobs": "successful",
    "shutdown_graceful_timeout": 6.0,
}
