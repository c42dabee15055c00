"""What the company tells its users on the site itself."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone


class NoticeQuerySet(models.QuerySet["Notice"]):
    def of(self, user: AbstractUser | AnonymousUser) -> "NoticeQuerySet":
        """Those for this user; a visitor without a login has none, and nobody is asked."""
        return self.filter(user=user.pk) if user.is_authenticated else self.none()

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)

    def mark_read(self) -> int:
        """Return how many were unread until now."""
        return self.unread().update(read_at=timezone.now())

    # A template calls what it finds. This it must not: {{ notices.mark_read }} stays empty.
    mark_read.alters_data = True


class Notice(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    text = models.CharField(max_length=200)
    url = models.CharField(
        "URL",
        max_length=200,
        blank=True,
        # Not "//elsewhere.example/", and not "javascript:...": it becomes a link. For a browser a
        # backslash is a slash, and tabs and line ends are nothing.
        validators=[
            RegexValidator(
                r"^/(?!/)[^\\\x00-\x1f\x7f-\x9f]*\Z",
                "Enter an address on this site, /orders/ for one.",
            )
        ],
        help_text="The page that it is about, if there is one.",
    )
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="notice_newest_first"),
            # Each page of each user counts these.
            models.Index(fields=["user"], condition=Q(read_at=None), name="notice_unread"),
        ]

    def __str__(self) -> str:
        return self.text
