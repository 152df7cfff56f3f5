"""Settings, all of them from the environment, each with a default that works (`bacao doctor` lists them)."""

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from bacao.kit.paths import ROOT, VAR


def _database(url: str) -> dict[str, Any]:
    """Return Django's settings for a `postgresql://user:password@host:port/name?host=/socket/dir` address."""
    parts = urlsplit(url)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "bacao",
        "USER": unquote(parts.username or "postgres"),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", parts.hostname or "")),
        "PORT": str(parts.port or query.get("port", "")),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "bacao"},
        "TEST": {"NAME": os.environ.get("BACAO_TEST_DATABASE", "test_bacao")},
    }


def _secret() -> str:
    """Return the signing secret: from the environment, or made once and kept in `var/`."""
    if given := os.environ.get("BACAO_SECRET_KEY"):
        return given
    kept = VAR / "secret"
    if not kept.exists():
        VAR.mkdir(parents=True, exist_ok=True)
        kept.write_text(os.urandom(32).hex())
        kept.chmod(0o600)
    return kept.read_text()


SECRET_KEY = _secret()
DEBUG = os.environ.get("BACAO_DEBUG") == "1"
DEMO = os.environ.get("BACAO_DEMO") == "1"  # sign-in codes are shown on screen, the sandbox pays
PORT = int(os.environ.get("BACAO_PORT", "8000"))
BASE_URL = os.environ.get("BACAO_BASE_URL", f"http://localhost:{PORT}")
ALLOWED_HOSTS = os.environ.get("BACAO_HOSTS", "*" if DEMO else "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "django.contrib.admin",
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
    "pghistory.admin",
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
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "bacao.web.middleware.RequestContextMiddleware",
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
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "bacao.web.templatetags.bacao"],
        },
    }
]

DATABASES = {"default": _database(os.environ.get("DATABASE_URL") or f"postgresql://postgres@/bacao?host={VAR}/postgres")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 180 * 24 * 3600
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

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [
    ("vendor/maplibre", ROOT / "node_modules/maplibre-gl/dist"),
    ("vendor/htmx", ROOT / "node_modules/htmx.org/dist"),
    ("vendor/zxing", ROOT / "node_modules/zxing-wasm/dist"),
    ("vendor/uqr", ROOT / "node_modules/uqr/dist"),
    ("emoji", VAR / "emoji"),
]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
