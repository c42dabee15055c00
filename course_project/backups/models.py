"""What became of each night's backup."""

from django.db import models
from django.utils import timezone


class Backup(models.Model):
    """One day's copy. The unique day is the lock: two runs of a night cannot both hold it."""

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        VERIFIED = "verified", "Verified"
        FAILED = "failed", "Failed"

    day = models.DateField(unique=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.RUNNING)
    started_at = models.DateTimeField(default=timezone.now)
    verified_at = models.DateTimeField(null=True, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    row_counts = models.JSONField(default=dict, help_text="The rows of each table, in the copy.")
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-day"]
        get_latest_by = "day"

    def __str__(self) -> str:
        return f"backup of {self.day}, {self.get_status_display().lower()}"
