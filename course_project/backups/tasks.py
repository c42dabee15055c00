"""The nightly backup as a chain. A message carries the day and nothing else."""

from collections.abc import Callable
from datetime import date
from typing import Any

from celery import Task, chain, shared_task
from django.conf import settings
from django.utils import timezone

from . import services


class Step(Task):
    """One step of a day's backup: step(day). It raises the alarm when it gives up."""

    abstract = True
    max_retries = 3

    def on_failure(
        self, error: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any
    ) -> None:
        step = self.name.rpartition(".")[2]
        services.fail(date.fromisoformat(args[0]), f"{step}: {error}")

    def attempt(self, service: Callable[[], object]) -> None:
        """Call the service. If the store is down, try again later, and later still."""
        from .store import StoreDown

        try:
            service()
        except StoreDown as error:
            wait = settings.BACKUP_RETRY_SECONDS * 2**self.request.retries
            raise self.retry(exc=error, countdown=wait) from error


@shared_task
def nightly_backup(day: str | None = None) -> bool:
    """Begin the backup of today, or of a day such as "2026-03-02", unless it is running or done.

    The steps run on one machine: they share a file. Returns whether it began.
    """
    day = day or timezone.localdate().isoformat()
    if not services.begin(date.fromisoformat(day)):
        return False
    chain(log_in.si(day), dump.si(day), store.si(day), verify.si(day), prune.si(day)).delay()
    return True


@shared_task(base=Step, bind=True)
def log_in(self: Step, day: str) -> None:
    self.attempt(services.log_in)


@shared_task(base=Step, bind=True)
def dump(self: Step, day: str) -> None:
    services.dump(date.fromisoformat(day))


@shared_task(base=Step, bind=True)
def store(self: Step, day: str) -> None:
    self.attempt(lambda: services.store(date.fromisoformat(day)))


@shared_task(base=Step, bind=True)
def verify(self: Step, day: str) -> None:
    self.attempt(lambda: services.verify(date.fromisoformat(day)))


@shared_task(base=Step, bind=True)
def prune(self: Step, day: str) -> None:
    self.attempt(services.prune)


@shared_task
def check_backups() -> bool:
    return services.check()
