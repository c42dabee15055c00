"""16.9 From where a change may come: trusted origins."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core import checks as system
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.test import RequestFactory, override_settings

from checks.ch16_talking_to_others import REQUESTS
from tutor.judge.exercise import Exercise, Run

TRUSTED = (
    "https://www.northlight.example",
    "https://fair.example:8443",
    "https://oslo.gardens.example",
    "https://bergen.gardens.example",
    "https://a.b.gardens.example",
)

STRANGE = (
    "https://evil.example",
    "http://www.northlight.example",
    "http://fair.example:8443",
    "http://oslo.gardens.example",
    "https://fair.example",
    "https://shop.northlight.example",
    "https://gardens.example.evil.example",
    "https://evilgardens.example",
    "null",
)


trusted_origins = Exercise(
    "16.9",
    "From where a change may come",
    minutes=4,
    layers=REQUESTS,
    hints=[
        "An origin is scheme, host and port, and nothing after that: no path, and no slash.",
        "The port stands in it where it is not the usual one of the scheme: 443 for https.",
        "For many names below one: https://*.gardens.example",
    ],
)


def let_through(origins: Any, origin: str) -> bool:
    """Whether Django takes a change from a page of this origin; its own host is another one."""
    with override_settings(CSRF_TRUSTED_ORIGINS=list(origins)):
        token = "a" * 32
        request = RequestFactory().post(
            "/partners/session/",
            headers={"origin": origin, "x-csrftoken": token, "cookie": f"csrftoken={token}"},
        )
        request.COOKIES["csrftoken"] = token
        middleware = CsrfViewMiddleware(lambda request: HttpResponse())
        middleware.process_request(request)
        return middleware.process_view(request, lambda request: HttpResponse(), (), {}) is None


def complaints(origins: Any) -> list[str]:
    """What `manage.py check` says."""
    with override_settings(CSRF_TRUSTED_ORIGINS=list(origins)):
        return [error.id for error in system.run_checks() if error.id == "4_0.E001"]


@trusted_origins.check
def check(run: Run) -> str | None:
    if not isinstance(run.value, list | tuple) or not all(isinstance(o, str) for o in run.value):
        return "Asked is a list of texts."
    if complaints(run.value):
        return "`manage.py check` says 4_0.E001: each origin begins with its scheme."
    for origin in TRUSTED:
        if not let_through(run.value, origin):
            return f"A change from {origin} gets 403."
    for origin in STRANGE:
        if let_through(run.value, origin):
            return f"A change from {origin} is let through."
    return None


@trusted_origins.mistake("Each one begins with its scheme: https://")
def no_scheme(run: Run) -> bool:
    return not isinstance(run.value, str) and any("://" not in one for one in run.value)


@trusted_origins.mistake("443 is the usual port of https, and a browser leaves it out.")
def usual_port(run: Run) -> bool:
    return any(one.endswith(":443") for one in run.value)


@trusted_origins.mistake(
    "An origin ends after host and port. With a slash or a path it is equal to no origin."
)
def with_path(run: Run) -> bool:
    return any(urlsplit(one).path for one in run.value)


@trusted_origins.mistake(
    "That star lets everybody in: any site could send changes in the name of your visitors."
)
def everybody(run: Run) -> bool:
    return let_through(run.value, "https://evil.example")


@trusted_origins.mistake("Plain http is not trusted: whoever is on the way can change the page.")
def plain_http(run: Run) -> bool:
    return any(one.startswith("http://") for one in run.value)


@trusted_origins.mistake("The fair is at another port than 443. The port is a part of its origin.")
def no_port(run: Run) -> bool:
    return not let_through(run.value, "https://fair.example:8443")


@trusted_origins.mistake(
    "There are more garden centres than two. One entry with a star takes all names below a name."
)
def named_one_by_one(run: Run) -> bool:
    return let_through(run.value, TRUSTED[2]) and not let_through(run.value, TRUSTED[4])


@trusted_origins.mistake("Only www.northlight.example is named, not each name below it.")
def more_than_asked(run: Run) -> bool:
    return let_through(run.value, "https://shop.northlight.example")


@trusted_origins.right
def another_order() -> object:
    return [
        "https://*.gardens.example",
        "https://fair.example:8443",
        "https://www.northlight.example",
    ]


@trusted_origins.right
def put_together() -> object:
    hosts = ("www.northlight.example", "fair.example:8443", "*.gardens.example")
    return [f"https://{host}" for host in hosts]


@trusted_origins.wrong(no_scheme)
def hosts_alone() -> object:
    return ["www.northlight.example", "fair.example:8443", "*.gardens.example"]


@trusted_origins.wrong(with_path)
def with_slashes() -> object:
    return ["https://www.northlight.example/", "https://fair.example:8443/forms/"]


@trusted_origins.wrong(usual_port)
def with_443() -> object:
    return ["https://www.northlight.example:443", *put_together()[1:]]


@trusted_origins.wrong(everybody)
def a_star() -> object:
    return ["https://*.example", "https://fair.example:8443"]


@trusted_origins.wrong(plain_http)
def both_schemes() -> object:
    return [
        f"{scheme}://{host}"
        for scheme in ("http", "https")
        for host in ("www.northlight.example", "fair.example:8443", "*.gardens.example")
    ]


@trusted_origins.wrong(no_port)
def without_port() -> object:
    return ["https://www.northlight.example", "https://fair.example", "https://*.gardens.example"]


@trusted_origins.wrong(named_one_by_one)
def two_centres() -> object:
    return [*TRUSTED[:4]]


@trusted_origins.wrong(more_than_asked)
def all_of_northlight() -> object:
    return [
        "https://*.northlight.example",
        "https://fair.example:8443",
        "https://*.gardens.example",
    ]


@trusted_origins.wrong("A change from https://www.northlight.example gets 403")
def without_the_shop() -> object:
    return ["https://fair.example:8443", "https://*.gardens.example"]
