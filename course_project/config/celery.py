"""
Celery config for the course project.

It exposes the Celery app as a module-level variable named ``app``: the command
`celery -A config worker` finds it here.

For more information on this file, see
https://docs.celeryq.dev/en/stable/django/first-steps-with-django.html
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("config")

# The settings whose names begin with CELERY_.
app.config_from_object("django.conf:settings", namespace="CELERY")

# The module tasks.py of each installed app.
app.autodiscover_tasks()
