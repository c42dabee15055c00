"""The nightly backup, step by step. Each step may be repeated, and passes on a day, no secret."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import mail_admins
from django.db import transaction
from django.utils import timezone

from . import dumps
from .models import Backup

if TYPE_CHECKING:
    from .store import BackupStore

# Whoever holds the lock for longer is dead.
LONGEST_RUN = timedelta(hours=2)
# A night, and some time for the copy.
OLDEST_GOOD_COPY = timedelta(hours=26)


def begin(day: date) -> bool:
    """Take the lock of this day. False where another run holds it, or has done the work."""
    _, new = Backup.objects.get_or_create(day=day)
    if new:
        return True
    now = timezone.now()
    failed = Backup.objects.filter(day=day, status=Backup.Status.FAILED)
    dead = Backup.objects.filter(
        day=day, status=Backup.Status.RUNNING, started_at__lt=now - LONGEST_RUN
    )
    # One UPDATE with a condition: of two runs that try, one changes the row.
    return bool((failed | dead).update(status=Backup.Status.RUNNING, started_at=now, problem=""))


def log_in() -> None:
    """Find out whether the store knows us, before hours go into a dump."""
    with _store():
        pass


def dump(day: date) -> None:
    """Write the database into a file of this machine."""
    copy = _local(day)
    # A folder that is there already belongs to whoever made it, and keeps its mode.
    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    counts = dumps.dump(copy)
    Backup.objects.filter(day=day).update(sha256=dumps.checksum(copy), row_counts=counts)


def store(day: date) -> None:
    """Bring the file to the store. Brought twice, it is there once."""
    copy = _local(day)
    with _store() as there:
        there.put(copy.name, copy, Backup.objects.get(day=day).sha256)


def verify(day: date) -> None:
    """Get the copy back, restore it, and count its rows. Raises CannotDump."""
    backup = Backup.objects.get(day=day)
    with TemporaryDirectory() as folder:
        copy = Path(folder) / name_of(day)
        with _store() as there:
            there.get(copy.name, copy)
        if dumps.checksum(copy) != backup.sha256:
            raise dumps.CannotDump(f"{copy.name} is not what was stored: the checksum differs.")
        counts = dumps.restore(copy)
    if counts != backup.row_counts:
        raise dumps.CannotDump(f"{name_of(day)} does not have the rows that were dumped.")
    now = timezone.now()
    Backup.objects.filter(day=day).update(status=Backup.Status.VERIFIED, verified_at=now)
    _local(day).unlink(missing_ok=True)


def prune() -> list[str]:
    """Keep the newest seven copies, delete older ones. Return their names.

    Called when a new copy is verified: one that is good is never deleted for one that is not.
    """
    with _store() as there:
        # Dates that begin with the year sort by themselves. Other people's files are let alone.
        ours = sorted(name for name in there.names() if _is_ours(name))
        old = ours[: -settings.BACKUPS_KEPT]
        for name in old:
            there.delete(name)
    return old


def fail(day: date, problem: str) -> None:
    """Write down that this day's backup failed, and tell the admins, once.

    A copy that is verified already stays a good one: then only old ones could not be deleted.
    """
    rows = Backup.objects.filter(day=day)
    with transaction.atomic():
        failed = rows.filter(status=Backup.Status.RUNNING).update(
            status=Backup.Status.FAILED, problem=problem
        )
        if failed:
            mail_admins(f"No backup of {day}", problem)
        elif rows.filter(status=Backup.Status.VERIFIED, problem="").update(problem=problem):
            mail_admins(f"Old backups stay beside that of {day}", problem)


def is_fresh(now: datetime | None = None) -> bool:
    """Whether there is a good copy that is young enough."""
    since = (now or timezone.now()) - OLDEST_GOOD_COPY
    return Backup.objects.filter(status=Backup.Status.VERIFIED, verified_at__gt=since).exists()


def check(now: datetime | None = None) -> bool:
    """As is_fresh(); and if there is none, tell the admins: a backup that never began told nobody."""
    fresh = is_fresh(now)
    if not fresh:
        hours = OLDEST_GOOD_COPY // timedelta(hours=1)
        mail_admins("No good backup", f"No copy was verified in the last {hours} hours.")
    return fresh


def name_of(day: date) -> str:
    """The dated name: 2026-03-02.sqlite3.gz"""
    return f"{day.isoformat()}{dumps.suffix()}"


def _is_ours(name: str) -> bool:
    try:
        date.fromisoformat(name.removesuffix(dumps.suffix()))
    except ValueError:
        return False
    return name.endswith(dumps.suffix())


def _local(day: date) -> Path:
    return Path(settings.BACKUP_FOLDER) / name_of(day)


@contextmanager
def _store() -> "Iterator[BackupStore]":
    """The store of the settings, logged in."""
    from .store import HttpStore  # httpx takes a while to import, and pages do not need it.

    if not settings.BACKUP_STORE["URL"]:
        raise ImproperlyConfigured("Set BACKUP_STORE_URL to the address that copies are sent to.")
    found = settings.BACKUP_STORE
    with HttpStore(found["URL"], found["USER"], found["PASSWORD"]) as store:
        store.log_in()
        yield store
