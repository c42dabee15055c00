# The app is made when Django starts, so that each @shared_task belongs to it.
from .celery import app as celery_app

__all__ = ("celery_app",)
