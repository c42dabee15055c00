"""What the clock starts. Each task calls a service that may be called twice."""

from celery import shared_task

from . import services

_again = {"autoretry_for": (services.NotAllSent,), "retry_backoff": 60, "max_retries": 3}


@shared_task(**_again)
def send_reminders() -> int:
    return services.send_reminders()


@shared_task(**_again)
def send_birthday_wishes() -> int:
    return services.send_birthday_wishes()
