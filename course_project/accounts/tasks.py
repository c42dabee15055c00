from celery import shared_task
from django.core.management import call_command


@shared_task
def clear_sessions() -> None:
    """Delete the sessions that are over: https://docs.djangoproject.com/en/6.1/ref/django-admin/#clearsessions"""
    call_command("clearsessions")
