"""16.10 Who may read the answer: CORS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils.cache import patch_vary_headers

from checks.ch16_talking_to_others import REQUESTS
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

ALLOWED = ["https://track.example", "https://www.carrier.example:8443"]
ALLOW = "Access-Control-Allow-"


answer = Exercise(
    "16.10",
    "Who may read the answer",
    minutes=8,
    layers=REQUESTS,
    hints=[
        "Three questions: is it a preflight? Is the origin allowed? What goes into Vary?",
        (
            "A preflight is OPTIONS with Access-Control-Request-Method. A plain OPTIONS is for the "
            "view. The origin is allowed if it is one of the list, exactly."
        ),
        (
            "response = HttpResponse(status=204) or view(request); then the headers; then "
            "patch_vary_headers(response, ['Origin']), which keeps what is in Vary."
        ),
    ],
)


class View:
    """The view: notes the requests that reach it, and varies by Cookie."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(str(request.method))
        return HttpResponse("in the greenhouse", headers={"Vary": "Cookie"})

    def __repr__(self) -> str:
        return "view"


def asking(method: str, origin: str | None = None, preflight: bool = False) -> HttpRequest:
    headers = {"origin": origin} if origin is not None else {}
    if preflight:
        headers |= {"access-control-request-method": "PUT"}
    return RequestFactory().generic(method, "/partners/parcels/NL-1/", headers=headers)


@answer.cases
def cases() -> object:
    track, other = ALLOWED
    asked = [
        ("GET", track),
        ("GET", other),
        ("GET", "https://evil.example"),
        ("GET", "https://track.example.evil.example"),
        ("GET", "https://track"),
        ("GET", "null"),
        ("GET", None),
        ("PUT", track),
        ("OPTIONS", track, True),
        ("OPTIONS", "https://evil.example", True),
        ("OPTIONS", track),
        ("OPTIONS", None),
        ("GET", track, True),
    ]
    return [(asking(*words), View(), list(ALLOWED)) for words in asked]


def _is_preflight(request: HttpRequest) -> bool:
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


@answer.check
def check(run: Run) -> str | None:
    request, view, _ = run.arguments
    response, origin = run.value, request.headers.get("Origin")
    preflight, good = _is_preflight(request), origin in ALLOWED
    what = f"{'A preflight' if preflight else request.method} from {origin or 'our own pages'}"
    if not isinstance(response, HttpResponse):
        return f"Asked is a response; your function returned {type(response).__name__}."
    if len(view.asked) != (not preflight):
        return f"{what}: the view was asked {len(view.asked)} times."
    if response.status_code != (204 if preflight else 200):
        return f"{what}: the status is {response.status_code}."
    if preflight and response.content:
        return "The answer to a preflight is empty."
    rights = {
        "Origin": origin if good else None,
        "Methods": "PUT" if good and preflight else None,
        "Headers": "content-type" if good and preflight else None,
    }
    for name, right in rights.items():
        found = response.headers.get(ALLOW + name)
        if str(found).lower() != str(right).lower():
            return f"{what}: {ALLOW}{name} is {found!r}; it should be {right!r}."
    vary = {word.strip().lower() for word in response.headers.get("Vary", "").split(",")}
    if "origin" not in vary:
        return f"{what}: Vary does not name Origin."
    if not preflight and "cookie" not in vary:
        return f"{what}: the view had put Cookie into Vary, and it is gone."
    return None


def _allows(run: Run) -> str | None:
    return run.value.headers.get(ALLOW + "Origin")


@answer.mistake("The star lets every page read the answer. Name the one origin that asks.")
def with_a_star(run: Run) -> bool:
    return _allows(run) == "*"


@answer.mistake("The header takes one origin, the one that asks, and not the list.")
def whole_list(run: Run) -> bool:
    return "," in (_allows(run) or "") or (_allows(run) or "").startswith("[")


@answer.mistake(
    "This origin is not in the list, and may read the answer. Compare it as a whole: names that "
    "begin alike are others, and whoever asks can send any Origin."
)
def let_others_read(run: Run) -> bool:
    return run.arguments[0].headers.get("Origin") not in ALLOWED and _allows(run) is not None


@answer.mistake(
    "A request need not have the header Origin: headers['Origin'] raises KeyError then, and "
    "headers.get('Origin') gives None."
)
def no_origin(run: Run) -> bool:
    return failed(run, "KeyError")


@answer.mistake("The preflight is not for the view. Answer it yourself, with 204.")
def view_was_asked(run: Run) -> bool:
    return _is_preflight(run.arguments[0]) and bool(run.arguments[1].asked)


@answer.mistake(
    "OPTIONS with Access-Control-Request-Method is a preflight. Only the two together: a plain "
    "OPTIONS, or another method, is for the view."
)
def took_it_for_a_preflight(run: Run) -> bool:
    return not _is_preflight(run.arguments[0]) and not run.arguments[1].asked


@answer.mistake(
    "Vary: Origin belongs to every response, also to those without the other headers. Else a cache "
    "hands the answer for one origin to another one."
)
def vary_forgotten(run: Run) -> bool:
    return "origin" not in run.value.headers.get("Vary", "").lower()


@answer.mistake(
    "You have overwritten what the view had put into Vary. patch_vary_headers() adds to it."
)
def vary_overwritten(run: Run) -> bool:
    found = run.value.headers.get("Vary", "").lower()
    return "cookie" not in found and not _is_preflight(run.arguments[0])


@answer.mistake("The headers about methods and headers belong to the preflight alone.")
def always_all(run: Run) -> bool:
    return not _is_preflight(run.arguments[0]) and ALLOW + "Methods" in run.value.headers


@answer.right
def headers_by_hand(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    headers = {}
    preflight = _is_preflight(request)
    if (origin := request.headers.get("origin", "")) in allowed:
        headers[ALLOW + "Origin"] = origin
        if preflight:
            headers |= {ALLOW + "Methods": "PUT", ALLOW + "Headers": "Content-Type"}
    response = HttpResponse(status=204) if preflight else view(request)
    for name, value in headers.items():
        response.headers[name] = value
    known = response.headers.get("Vary")
    response.headers["Vary"] = f"{known}, Origin" if known else "Origin"
    return response


@answer.right
def meta_read(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    asks = request.META.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
    if request.method == "OPTIONS" and asks:
        response = HttpResponse(b"", status=204)
    else:
        asks, response = None, view(request)
    patch_vary_headers(response, ("origin",))
    for origin in allowed:
        if request.META.get("HTTP_ORIGIN") == origin:
            response[ALLOW + "Origin"] = origin
            if asks:
                response[ALLOW + "Methods"] = "PUT"
                response[ALLOW + "Headers"] = "content-type"
    return response


def _cors(
    request: HttpRequest,
    view: Any,
    *,
    origin: str | None,
    preflight: bool | None = None,
    all: bool = False,
    vary: Callable[[HttpResponse], None] = lambda response: patch_vary_headers(
        response, ["Origin"]
    ),
) -> HttpResponse:
    """The worked answer with a part that can be exchanged for a wrong one."""
    if preflight is None:
        preflight = _is_preflight(request)
    response = HttpResponse(status=204) if preflight else view(request)
    if origin:
        response[ALLOW + "Origin"] = origin
        if preflight or all:
            response[ALLOW + "Methods"] = "PUT"
            response[ALLOW + "Headers"] = "content-type"
    vary(response)
    return response


def _good(request: HttpRequest, allowed: list[str]) -> str | None:
    origin = request.headers.get("Origin")
    return origin if origin in allowed else None


@answer.wrong(with_a_star)
def for_everybody(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    return _cors(request, view, origin="*")


@answer.wrong(whole_list)
def all_of_them(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    return _cors(request, view, origin=_good(request, allowed) and ", ".join(allowed))


@answer.wrong(let_others_read)
def echoed(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    return _cors(request, view, origin=request.headers.get("Origin"))


@answer.wrong(let_others_read)
def begins_alike(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    origin = request.headers.get("Origin", "")
    good = any(origin.startswith(one) for one in allowed)
    return _cors(request, view, origin=origin if good else None)


@answer.wrong(no_origin)
def origin_looked_up(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    origin = request.headers["Origin"]
    return _cors(request, view, origin=origin if origin in allowed else None)


@answer.wrong(view_was_asked)
def no_preflight(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    return _cors(request, view, origin=_good(request, allowed), preflight=False)


@answer.wrong(view_was_asked)
def preflight_only_if_allowed(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    good = _good(request, allowed)
    return _cors(request, view, origin=good, preflight=bool(good) and _is_preflight(request))


@answer.wrong(took_it_for_a_preflight)
def every_options(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    options = request.method == "OPTIONS"
    return _cors(request, view, origin=_good(request, allowed), preflight=options)


@answer.wrong(vary_forgotten)
def no_vary(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    good = _good(request, allowed)
    return _cors(request, view, origin=good, vary=lambda response: None)


@answer.wrong(vary_forgotten)
def vary_where_allowed(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    good = _good(request, allowed)
    if good:
        return _cors(request, view, origin=good)
    return _cors(request, view, origin=good, vary=lambda response: None)


@answer.wrong(vary_overwritten)
def vary_set(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    good = _good(request, allowed)

    def vary(response: HttpResponse) -> None:
        response["Vary"] = "Origin"

    return _cors(request, view, origin=good, vary=vary)


@answer.wrong(always_all)
def all_headers(request: HttpRequest, view: Any, allowed: list[str]) -> object:
    return _cors(request, view, origin=_good(request, allowed), all=True)
