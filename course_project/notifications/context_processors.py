"""What every template knows of the visitor's notices."""

from collections.abc import Callable

from django.http import HttpRequest

from .models import Notice


def unread_notices(request: HttpRequest) -> dict[str, Callable[[], int]]:
    """`unread_notices`: how many notices the visitor has not read yet.

    The value is a function. A template calls it where it stands, so a page without it costs no
    query. The number is kept on the request: a page of many templates counts once.
    See https://docs.djangoproject.com/en/6.1/ref/templates/api/#variables-and-lookups
    """

    def count() -> int:
        if not hasattr(request, "_unread_notices"):
            request._unread_notices = Notice.objects.of(request.user).unread().count()
        return request._unread_notices

    return {"unread_notices": count}
