"""
Django settings for the course project.

For more information on this file, see
https://docs.djangoproject.com/en/6.1/topics/settings/

For the full list of settings and their values, see
https://docs.djangoproject.com/en/6.1/ref/settings/
"""

import os
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dj_database_url
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

# Build paths inside the project like this: BASE_DIR / "subdir".
BASE_DIR = Path(__file__).resolve().parent.parent

# The CSV files that `manage.py load_data` reads.
DATA_DIR = BASE_DIR.parent / "data"


# On a laptop nothing needs to be set. A server sets all three variables.
# See https://docs.djangoproject.com/en/6.1/howto/deployment/checklist/

# "false" is not 0: a word that is not understood must not open a server to everybody.
_debug = os.environ.get("DJANGO_DEBUG", "1")
if _debug not in ("0", "1"):
    raise ImproperlyConfigured(f"DJANGO_DEBUG is {_debug!r}. Set it to 0 or 1.")
DEBUG = _debug == "1"

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY")
if DEBUG and not SECRET_KEY:
    SECRET_KEY = "django-insecure-for-this-course-only"
if not SECRET_KEY:
    raise ImproperlyConfigured("DJANGO_DEBUG=0 needs DJANGO_SECRET_KEY: a long random text.")

# "testserver" is the name that django.test.Client asks for.
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"] if DEBUG else []
ALLOWED_HOSTS += [host for host in os.environ.get("DJANGO_ALLOWED_HOSTS", "").split(",") if host]


# Application definition

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_extensions",
    "accounts",
    "backups",
    "company",
    "loyalty",
    "notifications",
    "ordering",
    "partners",
    "shop",
    "subscriptions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# Beside each page, what it cost: its queries, its templates, its time.
# https://django-debug-toolbar.readthedocs.io/
if DEBUG and os.environ.get("DJANGO_TOOLBAR") == "1":
    if find_spec("debug_toolbar") is None:
        raise ImproperlyConfigured("DJANGO_TOOLBAR=1 needs the package django-debug-toolbar.")
    INSTALLED_APPS += ["debug_toolbar"]
    MIDDLEWARE.insert(0, "debug_toolbar.middleware.DebugToolbarMiddleware")
    INTERNAL_IPS = ["127.0.0.1", "::1"]
    # Its table is for a store that is not used here.
    MIGRATION_MODULES = {"debug_toolbar": None}

ROOT_URLCONF = "config.urls"

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
                "notifications.context_processors.unread_notices",
            ],
        },
    },
]

WSGI_APPLICATION = "config.wsgi.application"


# Database
# https://docs.djangoproject.com/en/6.1/ref/settings/#databases

DATABASES: dict[str, Any] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
        # Readers do not wait for a writer, and a commit does not wait for the disk.
        "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"},
    }
}
# Another one, postgres://user:password@host:5432/name for example.
if os.environ.get("DATABASE_URL"):
    DATABASES["default"] = dj_database_url.config()


# Caches
# https://docs.djangoproject.com/en/6.1/ref/settings/#caches

_BACKENDS = "django.core.cache.backends"
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": f"{_BACKENDS}.locmem.LocMemCache"},
    "redis": {
        "BACKEND": f"{_BACKENDS}.redis.RedisCache",
        "LOCATION": "redis://in-this-process",
        "OPTIONS": {"pool_class": "config.redis_in_process.Pool"},
    },
    # `manage.py createcachetable` makes its table.
    "database": {"BACKEND": f"{_BACKENDS}.db.DatabaseCache", "LOCATION": "cache_entries"},
    "file": {"BACKEND": f"{_BACKENDS}.filebased.FileBasedCache", "LOCATION": BASE_DIR / "cache"},
    "dummy": {"BACKEND": f"{_BACKENDS}.dummy.DummyCache"},
}
# A server, redis://host:6379/2 for example. Others may have keys on it: ours begin with a prefix.
# cache.clear() knows no prefix, it empties the whole database: give the project a number of its own.
if os.environ.get("REDIS_URL"):
    CACHES["redis"] |= {"LOCATION": os.environ["REDIS_URL"], "KEY_PREFIX": "northlight"}
    del CACHES["redis"]["OPTIONS"]
# The default one is in the memory of each process. Several processes need one that they share:
# DJANGO_CACHE=redis, for example.
if os.environ.get("DJANGO_CACHE"):
    CACHES["default"] = CACHES[os.environ["DJANGO_CACHE"]]


# Password validation
# https://docs.djangoproject.com/en/6.1/ref/settings/#auth-password-validators

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# It refuses names whose login failed too often.
AUTHENTICATION_BACKENDS = ["accounts.backends.LockOutBackend"]

# So many failures within this time lock a name out, until the time is over.
LOGIN_ATTEMPTS = 5
LOGIN_LOCKED_FOR = timedelta(minutes=15)

# How many proxies of our own a request comes through: one, behind nginx. They append to
# X-Forwarded-For the address that they were asked from; whatever is left of that may be a lie.
TRUSTED_PROXIES = int(os.environ.get("DJANGO_TRUSTED_PROXIES", "0"))

LOGIN_REDIRECT_URL = "home"

LOGOUT_REDIRECT_URL = "home"


# Internationalization
# https://docs.djangoproject.com/en/6.1/topics/i18n/

LANGUAGE_CODE = "en"

TIME_ZONE = "UTC"

USE_I18N = True

USE_TZ = True


# Static files (CSS, JavaScript, Images)
# https://docs.djangoproject.com/en/6.1/howto/static-files/

STATIC_URL = "static/"


# Email
# https://docs.djangoproject.com/en/6.1/topics/email/#topic-email-configuration

# On a laptop a mail is printed.
MAILERS = {
    "default": {
        "BACKEND": f"django.core.mail.backends.{'console' if DEBUG else 'smtp'}.EmailBackend"
    }
}

DEFAULT_FROM_EMAIL = "shop@northlight.example"

# Who is told when a backup fails, or a page.
ADMINS = ["operations@northlight.example"]

# Who is told when a product is nearly sold out.
PURCHASING_EMAIL = "purchasing@northlight.example"

# Who packs what was ordered.
WAREHOUSE_EMAIL = "warehouse@northlight.example"


# Background tasks
# https://docs.celeryq.dev/en/stable/userguide/configuration.html

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL")

# Redis keeps results too; RabbitMQ sends each result to whoever asked for the task.
CELERY_RESULT_BACKEND = os.environ.get("CELERY_RESULT_BACKEND") or (
    "rpc://" if (CELERY_BROKER_URL or "").startswith("amqp") else CELERY_BROKER_URL
)

# On a laptop there is no broker and no worker: delay() runs the task at once, in this process.
# An error stays in the result, as it does with a worker.
CELERY_TASK_ALWAYS_EAGER = not CELERY_BROKER_URL

# Arguments and results travel as JSON, which runs no code of whoever wrote it.
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"

CELERY_ACCEPT_CONTENT = ["json"]

# What crontab(hour=3) means. Messages carry UTC.
CELERY_TIMEZONE = TIME_ZONE

CELERY_ENABLE_UTC = True

# What the clock starts. An interval counts from the last run that beat remembers; a crontab looks
# at the clock on the wall, that of CELERY_TIMEZONE. One process alone may run beat.
CELERY_BEAT_SCHEDULE = {
    "nightly backup": {
        "task": "backups.tasks.nightly_backup",
        "schedule": crontab(hour=3, minute=0),
    },
    "check the backups": {
        "task": "backups.tasks.check_backups",
        "schedule": timedelta(hours=12),
    },
    "clear sessions": {
        "task": "accounts.tasks.clear_sessions",
        "schedule": timedelta(hours=24),
    },
    # It is always nine in the morning somewhere.
    "birthday wishes": {
        "task": "subscriptions.tasks.send_birthday_wishes",
        "schedule": crontab(minute=0),
    },
    "reminders": {
        "task": "subscriptions.tasks.send_reminders",
        "schedule": crontab(hour=8, minute=0),
    },
    # What is due, and what got lost: a message, or the worker that had it.
    "order steps": {
        "task": "ordering.tasks.do_due_steps",
        "schedule": timedelta(minutes=5),
    },
}


# Orders

# A step of an order that failed is due again after so long, then after twice as long, and so on.
ORDER_RETRY_SECONDS = float(os.environ.get("ORDER_RETRY_SECONDS", "60"))


# Backups

# Where dumps are written before they go to the store, and the store itself.
BACKUP_FOLDER = os.environ.get("BACKUP_FOLDER") or BASE_DIR / "backups_here"

BACKUP_STORE = {
    "URL": os.environ.get("BACKUP_STORE_URL", ""),
    "USER": os.environ.get("BACKUP_STORE_USER", ""),
    "PASSWORD": os.environ.get("BACKUP_STORE_PASSWORD", ""),
}

BACKUPS_KEPT = 7

# A store that does not answer is asked again after so long, then after twice as long, and so on.
BACKUP_RETRY_SECONDS = float(os.environ.get("BACKUP_RETRY_SECONDS", "60"))


# Partners: payments and parcels. The keys are for a laptop; a server's come from its environment.
# `python -m partners.sandbox 9000` plays the partner.


def partner_key(name: str, on_a_laptop: str) -> str:
    """Where none is set on a server, nothing is signed with it, and nothing is believed."""
    return os.environ.get(name, on_a_laptop if DEBUG else "")


PARTNER_NAME = "parcels-and-payments"

PARTNER_URL = os.environ.get("PARTNER_URL", "http://127.0.0.1:9000")

PARTNER_API_KEY = partner_key("PARTNER_API_KEY", "shop-key-for-this-course-only")

# Seconds without a sign of life after which we give a call up.
PARTNER_TIMEOUT = 5.0

# They sign what they tell us, we sign what we tell them.
PARTNER_WEBHOOK_SECRET = partner_key("PARTNER_WEBHOOK_SECRET", "whsec_dGhlIHBhcnRuZXIncyBzZWNyZXQ=")

SHOP_WEBHOOK_SECRET = partner_key("SHOP_WEBHOOK_SECRET", "whsec_dGhlIHNob3AncyBvd24gc2VjcmV0")

# Who hears of new orders, if anybody does.
SHOP_WEBHOOK_URL = os.environ.get("SHOP_WEBHOOK_URL", "")

# Webhooks that did not arrive, and those whose task was lost.
if SHOP_WEBHOOK_URL:
    CELERY_BEAT_SCHEDULE["webhooks"] = {
        "task": "partners.tasks.deliver_due",
        "schedule": timedelta(minutes=1),
    }

# How often an open page's stream of news looks at the database.
PARCEL_NEWS_SECONDS = 1.0

# Pages of which other sites may read our answers, and which may send us changes.
# https://docs.djangoproject.com/en/6.1/ref/settings/#csrf-trusted-origins
CORS_ALLOWED_ORIGINS = [one for one in os.environ.get("CORS_ALLOWED_ORIGINS", "").split(",") if one]

CSRF_TRUSTED_ORIGINS = [one for one in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if one]

# Web Push: who we are, and the push services of the makers of browsers.
VAPID_PRIVATE_KEY = partner_key("VAPID_PRIVATE_KEY", "8JHLG2B2yGf_I3eEPhKT2tXUgUYLHCRLQ-i4wUrdj1A")

VAPID_SUBJECT = "mailto:web@northlight.example"

PUSH_SERVICES = [
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    ".notify.windows.com",
    *(["127.0.0.1"] if DEBUG else []),
]


# HTTPS only, once the project leaves the laptop
# https://docs.djangoproject.com/en/6.1/topics/security/#ssl-https

if not DEBUG:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True


# Each notebook works on a private copy of a database that this command filled from these files.
GLASS = {"SEED": "load_data", "SEED_FROM": DATA_DIR}
