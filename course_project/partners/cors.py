"""Which pages of other sites may read our answers: Cross-Origin Resource Sharing.

https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS
A project that needs this in many places takes the package django-cors-headers.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers


def cross_origin(*methods: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let pages of settings.CORS_ALLOWED_ORIGINS ask the view by these methods, as the same user.

    It stops nobody from asking: it tells a browser which pages may see the answer.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            origin = request.headers.get("Origin")
            allowed = origin in settings.CORS_ALLOWED_ORIGINS
            preflight = (
                request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
            )
            response = HttpResponse(status=204) if preflight else view(request, *args, **kwargs)
            if allowed:
                # The one origin, not "*": a browser refuses "*" where cookies are sent.
                response["Access-Control-Allow-Origin"] = origin
                response["Access-Control-Allow-Credentials"] = "true"
                if preflight:
                    response["Access-Control-Allow-Methods"] = ", ".join(methods)
                    response["Access-Control-Allow-Headers"] = "content-type, x-csrftoken"
                    response["Access-Control-Max-Age"] = "600"
            # A cache must not hand one origin's answer to another.
            patch_vary_headers(response, ["Origin"])
            return response

        return wrapper

    return decorate
