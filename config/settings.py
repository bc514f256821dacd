"""Every setting, read from the environment. `.env.example` lists the ones that people change, with what they do."""

import os
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF

from config.caches import cache_settings
from config.env import env_bool, env_int, env_secret
from config.logging import logging_config
from config.prices import parse_prices

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / "var")

# --- Django -------------------------------------------------------------------------------------------------------
DEBUG = env_bool("DEBUG", False)
SECRET_KEY = env_secret("SECRET_KEY", fallback_file=DATA_DIR / "secret_key")
# This machine asks for /livez and /readyz by its own names, whatever the site is called.
ALLOWED_HOSTS = [*os.environ.get("ALLOWED_HOSTS", "").replace(",", " ").split(), "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = os.environ.get("CSRF_TRUSTED_ORIGINS", "").replace(",", " ").split()
SITE_URL = (os.environ.get("SITE_URL") or "http://localhost:8000").rstrip("/")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "django_structlog",
    "ninja",
    "simple_history",
    "knowledge",
    "chatbot",
    "review",
    "config",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.static_files.StaticFilesMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "chatbot.api.middleware.ErrorsAsJson",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
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
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LANGUAGE_CODE = "en"
# What visitors are spoken to in; the admin speaks English.
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("pt", "Português"),
    ("ja", "日本語"),
    ("ar", "العربية"),
]
LOCALE_PATHS = [BASE_DIR / "chatbot" / "locale"]
TIME_ZONE = os.environ.get("TIME_ZONE") or "UTC"
USE_TZ = True
LOGIN_URL = "admin:login"
# Room for the longest question and a long answer in one form, and no more.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- Where data lives ---------------------------------------------------------------------------------------------
DATABASE_URL = os.environ.get("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'candor.sqlite3'}"
DATABASES = {"default": dj_database_url.parse(DATABASE_URL)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # WAL lets readers go on while one writes; BEGIN IMMEDIATE takes the write lock at the start of a transaction,
    # where waiting for it works, and not in its middle, where SQLite fails at once ("database is locked"). The first
    # 2 GB are mapped into memory: a question reads a few dozen scattered rows, and each would be a call of its own.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-20000; "
        "PRAGMA mmap_size=2147418112; "
        # What is deleted is overwritten, and not only no longer listed.
        "PRAGMA secure_delete=ON;",
    }
REDIS_URL = os.environ.get("REDIS_URL", "")
# `make run` writes down where the Chroma server is that it started, for commands in another terminal.
CHROMA_URL = env_secret("CHROMA_URL", fallback_file=DATA_DIR / "chroma_url") or "http://127.0.0.1:8001"
# The folder of a Chroma server that `make run` started: a broken one can be set aside. Empty: somebody else runs it.
CHROMA_DIR = os.environ.get("CHROMA_DIR", "")
CHROMA_TIMEOUT_MS = env_int("CHROMA_TIMEOUT_MS", 2_000, minimum=50)
CACHES = cache_settings(REDIS_URL)

# --- Static files -------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT") or DATA_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

# --- Security -----------------------------------------------------------------------------------------------------
HTTPS = env_bool("HTTPS", SITE_URL.startswith("https://"))
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env_bool("TRUST_PROXY", False) else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz(/|$)"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Whether the other names below this domain speak HTTPS is not ours to promise.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Tasks --------------------------------------------------------------------------------------------------------
BROKER_DIR = DATA_DIR / "broker"
CELERY_BROKER_URL = REDIS_URL or "files://localhost"
WORKER_INTERVAL_S = env_int("WORKER_INTERVAL_S", 30, minimum=1)
# Three looks missed mean that nobody is working.
WORKER_SILENCE_S = max(90, 3 * WORKER_INTERVAL_S)

# --- Models: embeddings and the language model ----------------------------------------------------------------------
# "local", "openai:<model>" (any compatible server) or a folder with model.onnx and tokenizer.json.
EMBEDDING_MODEL = os.environ.get("EMBEDDING_MODEL") or "local"
EMBEDDING_BASE_URL = os.environ.get("EMBEDDING_BASE_URL") or os.environ.get("OPENAI_BASE_URL", "")
EMBEDDING_API_KEY = env_secret("EMBEDDING_API_KEY") or env_secret("OPENAI_API_KEY")
OPENAI_API_KEY = env_secret("OPENAI_API_KEY")
OPENAI_BASE_URL = os.environ.get("OPENAI_BASE_URL", "")
CHAT_MODEL = os.environ.get("CHAT_MODEL", "")
CHAT_FIRST_TOKEN_S = env_int("CHAT_FIRST_TOKEN_S", 20, minimum=1)
CHAT_TOTAL_S = env_int("CHAT_TOTAL_S", 90, minimum=1)
# Seconds that an answer is still written for when nobody reads it any more.
CHAT_GRACE_S = env_int("CHAT_GRACE_S", 10, minimum=1)
MODEL_PRICES = parse_prices(os.environ.get("MODEL_PRICES", ""))

# --- Limits: questions a minute, 0 is none ------------------------------------------------------------------------
LIMIT_VISITOR_PER_MINUTE = env_int("LIMIT_VISITOR_PER_MINUTE", 20)
LIMIT_ADDRESS_PER_MINUTE = env_int("LIMIT_ADDRESS_PER_MINUTE", 60)
LIMIT_KEY_PER_MINUTE = env_int("LIMIT_KEY_PER_MINUTE", 600)
QUESTION_MAX_LENGTH = env_int("QUESTION_MAX_LENGTH", 4_000, minimum=1)

# --- Traces as OpenTelemetry spans ---------------------------------------------------------------------------------
# The standard variables; the SDK reads the others (headers, timeout, compression) by itself.
_OTLP_URL = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").rstrip("/")
OTLP_TRACES_URL = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or (_OTLP_URL and f"{_OTLP_URL}/v1/traces")

# --- What is sent out: contact requests --------------------------------------------------------------------------
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_PORT = env_int("EMAIL_PORT", 587, minimum=1)
EMAIL_HOST_USER = os.environ.get("EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env_secret("EMAIL_PASSWORD")
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_USE_TLS = env_bool("EMAIL_TLS", EMAIL_PORT == 587)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM") or "candor@localhost"
# Hosts in private networks that webhooks and "check my site" may reach all the same.
OUTBOUND_PRIVATE_HOSTS = os.environ.get("OUTBOUND_PRIVATE_HOSTS", "").replace(",", " ").lower().split()

# --- The desk ------------------------------------------------------------------------------------------------------
# Of a hundred answers that nothing is wrong with, how many staff are shown.
REVIEW_SAMPLE_PERCENT = env_int("REVIEW_SAMPLE_PERCENT", 1)
# Visitors' last questions that an edit is tried on before it is published.
IMPACT_QUESTIONS = env_int("IMPACT_QUESTIONS", 500)

# --- Import, history, logs ----------------------------------------------------------------------------------------
IMPORT_MAX_MB = env_int("IMPORT_MAX_MB", 5, minimum=1)
SIMPLE_HISTORY_REVERT_DISABLED = False
LOG_FORMAT = os.environ.get("LOG_FORMAT") or ("plain" if DEBUG else "json")
LOGGING = logging_config(log_format=LOG_FORMAT, level=os.environ.get("LOG_LEVEL") or "INFO")
