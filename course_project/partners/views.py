import asyncio
import json
from collections.abc import AsyncIterator

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.handlers.asgi import ASGIRequest
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.middleware.csrf import get_token
from django.shortcuts import aget_object_or_404, get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.visitor import client_ip
from shop.models import Order

from . import services, signing, tasks
from .cors import cross_origin
from .models import Parcel


@csrf_exempt  # A partner has no token of ours. Its signature is what counts.
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Believe it, write it down, say thank you. The work is done by a task."""
    try:
        id = signing.verify(settings.PARTNER_WEBHOOK_SECRET, request.headers, request.body)
    except signing.NotBelieved as why:
        return HttpResponse(str(why), status=403, content_type="text/plain")
    try:
        payload = dict(json.loads(request.body))
    except (ValueError, TypeError):
        return HttpResponse("Send a JSON object.", status=400, content_type="text/plain")
    event = services.receive(id, payload, client_ip(request))
    if event.processed_at is None:
        tasks.process_event.delay_on_commit(event.pk)
    return HttpResponse(status=202)


# Pages of other sites may use these.


@cross_origin("GET")
@require_GET
@never_cache
def parcel(request: HttpRequest, number: str) -> JsonResponse:
    """Where a parcel is. Whoever knows its number may ask."""
    return JsonResponse(state(get_object_or_404(Parcel, number=number)))


@cross_origin("GET")
@require_GET
@never_cache
def session(request: HttpRequest) -> JsonResponse:
    """Who is logged in, and the token that a change must bring along."""
    return JsonResponse({"user": request.user.get_username(), "csrf_token": get_token(request)})


@cross_origin("PUT")
@require_http_methods(["PUT"])
def instructions(request: HttpRequest, number: str) -> JsonResponse:
    """Say where to leave a parcel of one's own."""
    orders = Order.objects.visible_to(request.user)
    parcel = get_object_or_404(Parcel, number=number, order__in=orders)
    try:
        text = str(json.loads(request.body)["text"])[:200]
    except (ValueError, TypeError, KeyError):
        return JsonResponse({"error": 'Send JSON: {"text": "..."}'}, status=400)
    Parcel.objects.filter(pk=parcel.pk).update(instructions=text)
    return JsonResponse({"number": number, "instructions": text})


# Push: server-sent events to an open page, Web Push to a closed one


def live(request: HttpRequest, number: str) -> HttpResponse:
    """A page that shows where the parcel is, and changes by itself."""
    parcel = get_object_or_404(Parcel, number=number)
    return render(request, "partners/live.html", {"parcel": parcel})


async def events(request: HttpRequest, number: str) -> HttpResponseBase:
    """The news about a parcel, as server-sent events, until it is delivered.

    https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    parcel = await aget_object_or_404(Parcel, number=number)
    seen = request.headers.get("Last-Event-ID", "")
    last = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else -1
    if parcel.status == Parcel.Status.DELIVERED and parcel.sequence <= last:
        return HttpResponse(status=204)  # "There is no more": the browser does not come back.
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    headers["X-Accel-Buffering"] = "no"  # nginx would keep the news until there are more.
    if isinstance(request, ASGIRequest):
        return StreamingHttpResponse(news(number, last), headers=headers)
    # WSGI, as `runserver` has it, would wait for the last of the news. So these are all that there
    # are, and in a few seconds the browser asks again by itself.
    return HttpResponse(event(parcel) if parcel.sequence > last else "", headers=headers)


async def news(number: str, last: int) -> AsyncIterator[str]:
    """The state of the parcel each time that it is a newer one than `last`."""
    while True:
        parcel = await Parcel.objects.filter(number=number, sequence__gt=last).afirst()
        if parcel:
            last = parcel.sequence
            yield event(parcel)
            if parcel.status == Parcel.Status.DELIVERED:
                return
        await asyncio.sleep(settings.PARCEL_NEWS_SECONDS)


def event(parcel: Parcel) -> str:
    return f"id: {parcel.sequence}\nevent: parcel\ndata: {json.dumps(state(parcel))}\n\n"


def state(parcel: Parcel) -> dict[str, str]:
    return {"number": parcel.number, "status": parcel.status}


@login_required
@require_http_methods(["GET", "POST"])
def subscriptions(request: HttpRequest) -> HttpResponse:
    """GET: the key that a page subscribes with. POST: keep what the browser has answered."""
    if request.method == "GET":
        from . import push

        return JsonResponse({"applicationServerKey": push.public_key()})
    try:
        services.subscribe(request.user, json.loads(request.body))
    except ValueError as error:  # no JSON is one, too
        return JsonResponse({"error": str(error)}, status=400)
    return HttpResponse(status=201)
