"""The partners: calls that fail, webhooks in and out, other origins, and messages to browsers."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import psutil
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from partners import calls, push, services, signing, tasks, views
from partners.cors import cross_origin
from partners.models import OutgoingWebhook, Parcel, Payment, PushSubscription, WebhookEvent
from partners.sandbox import FOLDER, Sandbox
from shop.checkout import place_order
from shop.models import Customer, Order, Product
from shop.signals import order_created

KINDS = ("parcel.announced", "parcel.on_its_way", "parcel.delivered")
NOW = 1_772_445_600  # 2026-03-02 10:00 UTC
SECRET = "whsec_dGhlIHNlY3JldCBvZiBhIHRlc3Q="
BODY = b'{"type":"parcel.delivered","number":"NL-1","sequence":3}'


@pytest.fixture(scope="module")
def process() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(process: Sandbox, settings) -> Sandbox:  # type: ignore[no-untyped-def]
    process.reset()
    settings.PARTNER_URL = process.url
    settings.PARTNER_TIMEOUT = 0.3
    return process


@pytest.fixture
def order(rows: str) -> Order:
    return Order.objects.filter(status=Order.Status.NEW).earliest("pk")


@pytest.fixture
def parcel(order: Order) -> Parcel:
    return Parcel.objects.create(order=order, number="NL-1")


type Commits = Callable[..., Any]


def send(body: bytes = BODY, id: str = "evt_1", client: Client | None = None, **more: Any) -> Any:
    """A webhook as the partner would send it, to the test client."""
    from django.conf import settings

    headers = signing.headers(settings.PARTNER_WEBHOOK_SECRET, id, body)
    client = client or Client(enforce_csrf_checks=True)
    headers |= more.pop("headers", {})
    return client.post(
        "/partners/webhooks/", body, content_type="application/json", headers=headers, **more
    )


# Calls


def test_a_payment_is_taken_once(sandbox: Sandbox, order: Order) -> None:
    payment = services.open_payment(order)
    sandbox.fail("cut", "500", "slow")
    for _ in range(3):
        with pytest.raises(calls.TryAgain):
            services.send_payment(payment)
    assert services.send_payment(payment) == "pay_1"
    assert services.send_payment(payment) == "pay_1"  # It is known by now: nobody is asked.
    assert [one["order"] for one in sandbox.payments()] == [order.number]
    assert {entry["key"] for entry in sandbox.log()} == {str(payment.idempotency_key)}
    assert len(sandbox.log()) == 4


def test_the_task_tries_again(sandbox: Sandbox, order: Order) -> None:
    payment = services.open_payment(order)
    sandbox.fail("503", "cut", "429")
    result = tasks.send_payment.delay(payment.pk)
    assert result.get() == Payment.objects.get().reference == "pay_1"
    assert [entry["status"] for entry in sandbox.log()] == [503, 0, 429, 201]
    assert len(sandbox.payments()) == 1


def test_the_task_gives_up(sandbox: Sandbox, order: Order) -> None:
    payment = services.open_payment(order)
    sandbox.fail(*["500"] * 10)
    result = tasks.send_payment.delay(payment.pk)
    assert isinstance(result.result, calls.TryAgain)
    assert len(sandbox.log()) == 6
    assert Payment.objects.get().reference == ""


def test_a_clear_no_is_not_asked_again(sandbox: Sandbox, order: Order, settings) -> None:  # type: ignore[no-untyped-def]
    settings.PARTNER_API_KEY = "of somebody else"
    result = tasks.send_payment.delay(services.open_payment(order).pk)
    assert isinstance(result.result, calls.Refused)
    assert [entry["status"] for entry in sandbox.log()] == [401]


def test_a_key_belongs_to_one_question(sandbox: Sandbox) -> None:
    calls.api("/v1/payments", {"order": "1", "amount": "10.00"}, key="k")
    with pytest.raises(calls.Refused, match="422"):
        calls.api("/v1/payments", {"order": "2", "amount": "10.00"}, key="k")


def test_nobody_there_is_a_reason_to_try_again(settings) -> None:  # type: ignore[no-untyped-def]
    settings.PARTNER_URL = "http://127.0.0.1:1"
    with pytest.raises(calls.TryAgain):
        calls.api("/v1/payments", {}, key="k")


def test_the_wait_grows_to_a_limit() -> None:
    for attempts, most in [(1, 2), (2, 4), (5, 32), (20, 3600)]:
        waits = [calls.backoff(attempts) for _ in range(50)]
        assert most / 2 <= min(waits) < max(waits) <= most


# Webhooks that come in


def test_a_signature_of_the_standard() -> None:
    """The example of the specification's own libraries."""
    signature = signing.sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, None),
        ({signing.SIGNATURE: "v1,b2xk " + signing.sign(SECRET, "e", NOW, BODY)}, None),
        ({signing.ID: "other"}, "signature"),
        ({signing.SIGNATURE: "v1,\xe9"}, "signature"),
        ({signing.SIGNATURE: ""}, "signature"),
        ({signing.TIMESTAMP: str(NOW + 1)}, "signature"),
        ({signing.TIMESTAMP: "²"}, "no time"),
        ({signing.TIMESTAMP: "9" * 5000}, "no time"),
        ({signing.ID: ""}, "no id"),
    ],
)
def test_what_is_believed(change: dict[str, str], why: str | None) -> None:
    headers = signing.headers(SECRET, "e", BODY, NOW) | change
    if why is None:
        assert signing.verify(SECRET, headers, BODY, now=NOW + 299) == "e"
    else:
        with pytest.raises(signing.NotBelieved, match=why):
            signing.verify(SECRET, headers, BODY, now=NOW)


@pytest.mark.parametrize("late", [301, -301])
def test_a_replay_is_not_believed(late: int) -> None:
    headers = signing.headers(SECRET, "e", BODY, NOW)
    with pytest.raises(signing.NotBelieved, match="old"):
        signing.verify(SECRET, headers, BODY, now=NOW + late)


def test_without_a_secret_nobody_is_believed() -> None:
    with pytest.raises(signing.NotBelieved, match="no secret"):
        signing.verify("", signing.headers(SECRET, "e", BODY, NOW), BODY, now=NOW)


def test_without_a_secret_nothing_is_signed(settings) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="no secret"):
        signing.headers("", "e", BODY, NOW)
    settings.VAPID_PRIVATE_KEY = ""
    with pytest.raises(ImproperlyConfigured, match="VAPID_PRIVATE_KEY"):
        push.public_key()


def test_a_server_has_no_secrets_by_default() -> None:
    secrets = ["PARTNER_WEBHOOK_SECRET", "SHOP_WEBHOOK_SECRET"]
    names = ["PARTNER_API_KEY", *secrets, "VAPID_PRIVATE_KEY"]
    code = f"from config import settings; print([getattr(settings, n) for n in {names}])"
    clean = {name: value for name, value in os.environ.items() if name not in names}
    environment = clean | {"DJANGO_DEBUG": "0", "DJANGO_SECRET_KEY": "x"}
    said = subprocess.check_output(
        [sys.executable, "-c", code], cwd=FOLDER, env=environment, text=True
    )
    assert said.strip() == str([""] * 4)


def test_a_webhook_is_written_down_and_worked_on(
    parcel: Parcel, django_capture_on_commit_callbacks: Commits
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert send().status_code == 202
    event = WebhookEvent.objects.get()
    assert (event.event_id, event.ip, bool(event.processed_at)) == ("evt_1", "127.0.0.1", True)
    parcel.refresh_from_db()
    assert parcel.status == Parcel.Status.DELIVERED


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (BODY, {signing.SIGNATURE: "v1,AAAA"}, 403),
        (BODY, {signing.TIMESTAMP: "1"}, 403),
        (b"no json", {}, 400),
        (b"[1]", {}, 400),
        (b'{"type":"weather.rain"}', {}, 202),
        (b"{}", {}, 202),
    ],
)
def test_strange_webhooks(
    rows: str,
    body: bytes,
    headers: dict[str, str],
    status: int,
    django_capture_on_commit_callbacks: Commits,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert send(body, headers=headers).status_code == status
    assert WebhookEvent.objects.count() == (status == 202)
    assert not WebhookEvent.objects.filter(processed_at=None).exists()


def test_a_duplicate_has_one_effect(
    order: Order, django_capture_on_commit_callbacks: Commits
) -> None:
    Payment.objects.create(order=order, amount=1, reference="pay_1")
    body = b'{"type":"payment.paid","number":"pay_1","sequence":1}'
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert send(body).status_code == 202
    order.refresh_from_db()
    assert order.status == Order.Status.PAID
    event = WebhookEvent.objects.get()
    Order.objects.filter(pk=order.pk).update(status=Order.Status.NEW)
    assert services.process(event.pk) is False
    order.refresh_from_db()
    assert order.status == Order.Status.NEW


def test_an_event_whose_task_was_lost_is_worked_on_when_it_comes_again(
    parcel: Parcel, django_capture_on_commit_callbacks: Commits
) -> None:
    with django_capture_on_commit_callbacks():
        send()
    assert WebhookEvent.objects.get().processed_at is None
    with django_capture_on_commit_callbacks(execute=True):
        send()
    assert WebhookEvent.objects.get().processed_at


def test_news_may_be_quicker_than_the_answer(
    order: Order,
    django_capture_on_commit_callbacks: Commits,
    caplog: pytest.LogCaptureFixture,
) -> None:
    body = b'{"type":"payment.paid","number":"pay_1","sequence":1}'
    with django_capture_on_commit_callbacks(execute=True):
        assert send(body).status_code == 202
    event = WebhookEvent.objects.get()
    assert event.processed_at is None
    with pytest.raises(services.NotKnownYet, match="payment pay_1"):
        services.process(event.pk)
    Payment.objects.create(order=order, amount=1, reference="pay_1")
    assert services.process(event.pk)
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


def test_news_of_no_number_are_of_no_use(order: Order) -> None:
    Payment.objects.create(order=order, amount=1)  # Its reference is empty, so far.
    assert not services.apply({"type": "payment.paid", "number": "", "sequence": 1})
    order.refresh_from_db()
    assert order.status == Order.Status.NEW


@pytest.mark.parametrize("steps", [(1, 2, 3), (3, 1, 2), (2, 3, 3, 1), (3,)])
def test_the_latest_status_wins(parcel: Parcel, steps: tuple[int, ...]) -> None:
    news = [
        services.apply({"type": KINDS[step - 1], "number": "NL-1", "sequence": step})
        for step in steps
    ]
    parcel.refresh_from_db()
    assert (parcel.status, parcel.sequence) == ("delivered", 3)
    assert news[steps.index(3) + 1 :] == [False] * (len(steps) - steps.index(3) - 1)


def test_a_refund_does_not_pay_the_order(order: Order) -> None:
    Payment.objects.create(order=order, amount=1, reference="pay_1")
    assert services.apply({"type": "payment.refunded", "number": "pay_1", "sequence": 2})
    assert not services.apply({"type": "payment.paid", "number": "pay_1", "sequence": 1})
    order.refresh_from_db()
    assert order.status == Order.Status.NEW


def test_the_address_behind_a_proxy(rows: str, settings) -> None:  # type: ignore[no-untyped-def]
    settings.TRUSTED_PROXIES = 1
    send(headers={"x-forwarded-for": "1.2.3.4, 9.9.9.9"})
    assert WebhookEvent.objects.get().ip == "9.9.9.9"


# Webhooks that go out


@pytest.fixture
def webhook(db: None, sandbox: Sandbox) -> OutgoingWebhook:
    return services.announce("order.created", {"order": "2026-W1"}, f"{sandbox.url}/hooks")


def test_a_webhook_is_delivered(webhook: OutgoingWebhook, sandbox: Sandbox) -> None:
    assert services.deliver(webhook.pk) == "delivered"
    assert services.deliver(webhook.pk) == "delivered"
    (entry,) = sandbox.log()
    assert entry["status"] == 200
    assert json.loads(entry["body"]) == {"type": "order.created", "order": "2026-W1"}


def test_a_wrong_secret_is_seen_by_the_partner(
    webhook: OutgoingWebhook,
    settings,  # type: ignore[no-untyped-def]
) -> None:
    settings.SHOP_WEBHOOK_SECRET = SECRET
    assert services.deliver(webhook.pk) == "waiting"
    webhook.refresh_from_db()
    assert webhook.last_error == "The partner answered 403."


def test_the_waits_grow_and_the_fifth_failure_is_the_last(
    webhook: OutgoingWebhook, sandbox: Sandbox
) -> None:
    sandbox.fail("500", "cut", "500", "500", "500")
    statuses, waits = [], []
    for _ in range(5):
        statuses.append(services.deliver(webhook.pk))
        webhook.refresh_from_db()
        waits.append((webhook.next_try_at - timezone.now()).total_seconds())
    assert statuses == ["waiting"] * 4 + ["dead"]
    assert all(2**n / 2 - 1 < wait <= 2**n for n, wait in enumerate(waits, start=1))
    assert services.deliver(webhook.pk) == "dead"
    assert len(sandbox.log()) == 5
    assert services.revive(OutgoingWebhook.objects.all()) == 1
    assert services.deliver(webhook.pk) == "delivered"


def test_two_workers_make_one_attempt(
    webhook: OutgoingWebhook, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = calls.post
    others = []

    def post_while_another_tries(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(calls, "post", post)
        others.append(OutgoingWebhook.objects.filter(attempts=0).update(attempts=1))
        return post(*args, **options)

    monkeypatch.setattr(calls, "post", post_while_another_tries)
    services.deliver(webhook.pk)
    assert others == [0]
    assert len(sandbox.log()) == 1


def test_what_is_due_is_sent(webhook: OutgoingWebhook, sandbox: Sandbox) -> None:
    later = timezone.now() + timedelta(minutes=1)
    services.announce("order.created", {}, f"{sandbox.url}/hooks")
    OutgoingWebhook.objects.exclude(pk=webhook.pk).update(next_try_at=later)
    assert tasks.deliver_due.delay().get() == 1
    webhook.refresh_from_db()
    assert webhook.status == "delivered"


def test_a_new_order_is_announced(
    rows: str,
    sandbox: Sandbox,
    settings,  # type: ignore[no-untyped-def]
    django_capture_on_commit_callbacks: Commits,
) -> None:
    from partners.signals import tell_partner

    settings.SHOP_WEBHOOK_URL = f"{sandbox.url}/hooks"
    order_created.connect(tell_partner)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            product = Product.objects.in_stock().earliest("pk")
            order = place_order(Order.objects.earliest("pk").customer, [(product, 1)])
    finally:
        order_created.disconnect(tell_partner)
    (entry,) = sandbox.log()
    assert json.loads(entry["body"])["order"] == order.number


@pytest.mark.parametrize("url", ["", "https://partner.example/hooks"])
def test_only_where_somebody_is_to_be_told_anything_is_sent(url: str) -> None:
    code = (
        "import django; django.setup(); from django.conf import settings;"
        "from partners import signals; from shop.signals import order_created;"
        "heard = order_created._live_receivers(None)[0];"
        "print('webhooks' in settings.CELERY_BEAT_SCHEDULE, signals.tell_partner in heard)"
    )
    environment = os.environ | {
        "SHOP_WEBHOOK_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    said = subprocess.check_output(
        [sys.executable, "-c", code], cwd=FOLDER, env=environment, text=True
    )
    assert said.split() == [str(bool(url))] * 2


# The sandbox


def test_the_sandbox_tells_us_again_where_we_fail(process: Sandbox) -> None:
    process.reset()
    process.fail("500", "ok", "500", "500", "500")
    # It is its own customer here: a server that answers, over real HTTP.
    answers = process.tell(f"{process.url}/hooks", "NL-1", *KINDS, steps=(1, 1))
    assert answers == [[500, 403, 500], [500, 500, 403]]


def test_an_address_may_ask_for_failures(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/v1/payments?fail=500,cut"
    for _ in range(2):
        with pytest.raises(calls.TryAgain):
            calls.post(url)
    with pytest.raises(calls.Refused, match="401"):
        calls.post(url)


def test_the_sandbox_ends_with_whoever_started_it() -> None:
    code = (
        "import os; from partners.sandbox import Sandbox; s = Sandbox();"
        "print(s.process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    pid = int(done.stdout)
    until = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie":
        assert time.monotonic() < until, "The sandbox goes on without its parent."
        time.sleep(0.01)


@pytest.mark.parametrize("port", ["taken", "many", "99999"])
def test_a_port_that_is_no_use_gets_a_sentence(process: Sandbox, port: str) -> None:
    word = process.url.rpartition(":")[2] if port == "taken" else port
    done = subprocess.run(
        [sys.executable, "-m", "partners.sandbox", word],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Name a free port" in done.stderr and "Traceback" not in done.stderr


def test_a_sandbox_stops_twice_without_harm() -> None:
    sandbox = Sandbox()
    sandbox.stop()
    sandbox.stop()
    assert sandbox.process.returncode == 0
    assert "127.0.0.1" in os.environ["NO_PROXY"]


# Pages of other origins

SHOP = "https://www.northlight.example"


@pytest.fixture
def allowed(settings) -> str:  # type: ignore[no-untyped-def]
    settings.CORS_ALLOWED_ORIGINS = [SHOP]
    return SHOP


@pytest.mark.parametrize("origin", [SHOP, "https://other.example", "null", None])
def test_an_origin_that_may_read(parcel: Parcel, allowed: str, origin: str | None) -> None:
    headers = {"origin": origin} if origin else {}
    response = Client().get("/partners/parcels/NL-1/", headers=headers)
    assert response.json() == {"number": "NL-1", "status": "announced"}
    expected = SHOP if origin == SHOP else None
    assert response.headers.get("Access-Control-Allow-Origin") == expected
    assert "Origin" in response.headers["Vary"]


def test_a_preflight_is_answered_without_the_view(allowed: str) -> None:
    asked = []

    @cross_origin("PUT")
    def view(request: Any) -> None:
        asked.append(request)

    headers = {"origin": SHOP, "access-control-request-method": "PUT"}
    response = view(RequestFactory().options("/", headers=headers))
    assert (response.status_code, asked) == (204, [])
    assert response["Access-Control-Allow-Methods"] == "PUT"
    response = view(
        RequestFactory().options("/", headers=headers | {"origin": "https://x.example"})
    )
    assert "Access-Control-Allow-Methods" not in response.headers


def instruct(client: Client, number: str = "NL-1", **headers: str) -> int:
    return client.put(
        f"/partners/parcels/{number}/instructions/",
        '{"text": "With the neighbour"}',
        content_type="application/json",
        headers={"origin": SHOP, **headers},
    ).status_code


def test_a_change_needs_a_token_and_an_origin_that_we_trust(
    parcel: Parcel,
    settings,  # type: ignore[no-untyped-def]
) -> None:
    User.objects.filter(username="ann").update(is_staff=True)
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="ann"))
    token = client.get("/partners/session/").json()["csrf_token"]
    assert instruct(client, x_csrftoken=token) == 403
    settings.CSRF_TRUSTED_ORIGINS = [SHOP]
    cookies, client = client.cookies, Client(enforce_csrf_checks=True)  # It is read once a server.
    client.cookies = cookies
    assert instruct(client) == 403
    assert instruct(client, x_csrftoken=token) == 200
    parcel.refresh_from_db()
    assert parcel.instructions == "With the neighbour"


def test_somebody_elses_parcel_is_not_found(parcel: Parcel) -> None:
    User.objects.create(username="lena")
    client = Client()
    assert instruct(client) == 404
    client.force_login(User.objects.get(username="lena"))
    assert instruct(client) == 404


@pytest.mark.parametrize("body", ["", "[]", "{}", "1"])
def test_strange_instructions(parcel: Parcel, body: str) -> None:
    client = Client()
    client.force_login(User.objects.create(username="root", is_staff=True))
    path = "/partners/parcels/NL-1/instructions/"
    assert client.put(path, body, content_type="application/json").status_code == 400


# Server-sent events


def test_a_page_waits_for_news(parcel: Parcel) -> None:
    page = Client().get(reverse("parcel_live", args=["NL-1"])).content.decode()
    assert "new EventSource(" in page and reverse("parcel_events", args=["NL-1"]) in page


def test_without_a_stream_the_page_asks_again(parcel: Parcel) -> None:
    """As under runserver: each answer has what is new, and ends."""

    def heard(last: str) -> tuple[int, str]:
        answer = Client().get(
            "/partners/parcels/NL-1/events/", headers={"last-event-id": last} if last else {}
        )
        assert answer.status_code == 204 or answer["Content-Type"] == "text/event-stream"
        return answer.status_code, answer.content.decode().partition("\n")[0]

    assert [heard(""), heard("0"), heard("x")] == [(200, "id: 0"), (200, ""), (200, "id: 0")]
    services.apply({"type": "parcel.delivered", "number": "NL-1", "sequence": 3})
    assert [heard("0"), heard("3")] == [(200, "id: 3"), (204, "")]


@pytest.mark.django_db(transaction=True)
def test_news_come_until_it_is_delivered(settings) -> None:  # type: ignore[no-untyped-def]
    settings.PARCEL_NEWS_SECONDS = 0.01

    async def listen() -> list[str]:
        heard = []
        async for event in views.news("NL-1", -1):
            heard.append(event)
            if len(heard) < 3:
                status = ["on_its_way", "delivered"][len(heard) - 1]
                await Parcel.objects.aupdate(status=status, sequence=len(heard) + 1)
        await sync_to_async(connections.close_all)()  # that of the thread which asked the database
        return heard

    customer = Customer.objects.create(name="Lena", email="l@example.com", joined_on=date.min)
    order = Order.objects.create(number="2026-X1", customer=customer)
    Parcel.objects.create(order=order, number="NL-1")
    heard = asyncio.run(listen())
    assert [event.splitlines()[0] for event in heard] == ["id: 0", "id: 2", "id: 3"]
    assert all(event.endswith("\n\n") for event in heard)
    response = Client().get("/partners/parcels/NL-1/events/", headers={"last-event-id": "3"})
    assert response.status_code == 204


# Web Push


@pytest.fixture
def subscribed(rows: str, sandbox: Sandbox) -> tuple[User, str]:
    ann = User.objects.get(username="ann")
    browser = sandbox.browser()
    client = Client()
    client.force_login(ann)
    answer = client.post(
        "/partners/push/subscriptions/", json.dumps(browser), content_type="application/json"
    )
    assert answer.status_code == 201
    return ann, browser["endpoint"]


def test_a_message_reaches_the_browser(subscribed: tuple[User, str], sandbox: Sandbox) -> None:
    ann, endpoint = subscribed
    assert services.push_to(ann, {"title": "Your parcel is here"}) == 1
    assert sandbox.pushed(endpoint) == ['{"title": "Your parcel is here"}']


def test_a_browser_that_is_gone_is_forgotten(
    subscribed: tuple[User, str], sandbox: Sandbox
) -> None:
    ann, endpoint = subscribed
    sandbox.close_browser(endpoint)
    assert services.push_to(ann, {"title": "Hello"}) == 0
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Authorization": "Bearer x"}, 403),
        ({"Authorization": "elsewhere"}, 403),
        ({"TTL": ""}, 400),
        ({"Content-Encoding": "aesgcm"}, 415),
    ],
)
def test_the_push_service_looks_closely(
    subscribed: tuple[User, str], sandbox: Sandbox, change: dict[str, str], status: int
) -> None:
    endpoint = subscribed[1]
    if change.get("Authorization") == "elsewhere":
        change = push.authorization("https://fcm.googleapis.com/fcm/send/1")
    headers = {"TTL": "60", "Content-Encoding": "aes128gcm", **push.authorization(endpoint)}
    with pytest.raises(calls.Refused, match=str(status)):
        calls.post(endpoint, content=b"sealed", headers=headers | change)


def test_a_message_for_another_browser_cannot_be_read(
    subscribed: tuple[User, str], sandbox: Sandbox
) -> None:
    ann, endpoint = subscribed
    other = sandbox.browser()["keys"]
    PushSubscription.objects.update(**other)
    with pytest.raises(calls.Refused, match="400"):
        services.push_to(ann, {"title": "Hello"})
    assert sandbox.pushed(endpoint) == []


@pytest.mark.parametrize(
    ("endpoint", "known"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://db5p.notify.windows.com/w/?token=x", True),
        ("http://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com.evil.example/", False),
        ("https://10.0.0.7/admin", False),
        ("https://fcm.googleapis.com@10.0.0.7/", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_only_push_services_are_asked(settings, endpoint: str, known: bool) -> None:  # type: ignore[no-untyped-def]
    settings.DEBUG = False
    assert push.is_push_service(endpoint) is known


def test_strange_subscriptions(rows: str) -> None:
    client = Client()
    path = "/partners/push/subscriptions/"
    assert client.post(path, "{}", content_type="application/json").status_code == 302
    client.force_login(User.objects.get(username="ann"))
    assert len(client.get(path).json()["applicationServerKey"]) == 87
    for body in ("", "[]", "{}", '{"endpoint": "https://10.0.0.7/", "keys": {}}', '"x"'):
        assert client.post(path, body, content_type="application/json").status_code == 400
    there = {"endpoint": "https://10.0.0.7/", "keys": {"p256dh": "x", "auth": "x"}}
    answer = client.post(path, json.dumps(there), content_type="application/json")
    assert "push service" in answer.json()["error"]
