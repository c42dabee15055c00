"""Notices: whose they are, the badge and what it costs, and how they become read."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils.safestring import SafeString
from notifications.context_processors import unread_notices
from notifications.models import Notice
from notifications.templatetags.notices import linked

type Queries = Callable[..., Any]


@pytest.fixture
def ann(rows: str) -> User:
    return User.objects.get(username="ann")


@pytest.fixture
def hers(ann: User, client: Client) -> Client:
    client.force_login(ann)
    return client


def badge(client: Client, address: str = "/departments/") -> str | None:
    found = re.search(r'class="badge">(.*?)<', client.get(address).content.decode())
    return found[1] if found else None


# The badge


def test_each_user_sees_the_own_number(rows: str) -> None:
    seen = {}
    for user in User.objects.all():
        client = Client()
        client.force_login(user)
        seen[user.username] = badge(client)
    assert seen["ann"] == "3 unread"
    assert seen["ben"] == "1 unread"
    assert seen["kofi"] is None  # Has none at all.
    assert seen["cleo"] is None  # Has read them all.


def test_a_visitor_without_login_pays_nothing(
    rows: str, client: Client, django_assert_num_queries: Queries
) -> None:
    with django_assert_num_queries(1):  # The departments.
        assert badge(client) is None
    with django_assert_num_queries(0):
        assert Notice.objects.of(AnonymousUser()).unread().count() == 0


def test_the_badge_is_one_query_however_often_it_stands_on_a_page(
    ann: User, django_assert_num_queries: Queries
) -> None:
    request = RequestFactory().get("/")
    request.user = ann
    with django_assert_num_queries(0):
        unread_notices(request)
    with django_assert_num_queries(1):
        for _ in range(2):
            assert "3 unread" in render_to_string("base.html", {}, request)


def test_a_page_without_a_user(rows: str) -> None:
    assert "Log in" in render_to_string("base.html", {}, RequestFactory().get("/"))


# Reading


def test_only_the_own_notices_are_listed(ann: User, hers: Client) -> None:
    page = hers.get("/notifications/").context["page"]
    assert list(page) == list(ann.notices.order_by("-created_at"))
    assert len(page) == 4


def test_one_is_marked_as_read(ann: User, hers: Client) -> None:
    notice = ann.notices.unread()[0]
    response = hers.post(f"/notifications/{notice.pk}/read/", follow=True)
    assert response.redirect_chain == [("/notifications/", 302)]
    assert b"1 notice marked as read." in response.content
    notice.refresh_from_db()
    assert notice.read_at is not None
    assert badge(hers) == "2 unread"


def test_a_message_is_shown_once(hers: Client) -> None:
    hers.post("/notifications/read/")
    assert b"3 notices marked as read." in hers.get("/departments/").content
    assert b"marked as read" not in hers.get("/departments/").content


def test_all_are_marked_and_nobody_elses(ann: User, hers: Client) -> None:
    others = Notice.objects.unread().exclude(user=ann).count()
    hers.post("/notifications/read/")
    assert badge(hers) is None
    assert Notice.objects.unread().count() == others


def test_a_notice_keeps_the_moment_at_which_it_was_read(ann: User, hers: Client) -> None:
    notice = ann.notices.exclude(read_at=None)[0]
    hers.post(f"/notifications/{notice.pk}/read/")
    hers.post("/notifications/read/")
    assert Notice.objects.get(pk=notice.pk).read_at == notice.read_at


def test_somebody_elses_notice_is_not_found(ann: User, hers: Client) -> None:
    other = Notice.objects.unread().exclude(user=ann)[0]
    assert hers.post(f"/notifications/{other.pk}/read/").status_code == 404
    assert Notice.objects.get(pk=other.pk).read_at is None


@pytest.mark.parametrize("address", ["/notifications/read/", "/notifications/1/read/"])
def test_reading_wants_a_post_and_a_login(hers: Client, address: str) -> None:
    before = Notice.objects.unread().count()
    assert hers.get(address).status_code == 405
    assert Client().post(address).url.startswith("/accounts/login/")
    assert Client().get("/notifications/").status_code == 302
    assert Notice.objects.unread().count() == before


def test_a_template_cannot_mark_them(ann: User) -> None:
    Template("{{ notices.mark_read }}").render(Context({"notices": ann.notices.all()}))
    assert ann.notices.unread().count() == 3


# What stands in a notice


def test_a_hostile_notice_stays_text(rows: str, client: Client) -> None:
    client.force_login(User.objects.get(username="admin"))
    html = client.get("/notifications/").content.decode()
    assert "<script" not in html
    assert "Mallory &lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_linked_notice() -> None:
    assert linked(Notice(text="A & B", url='/?a="b"')) == (
        '<a href="/?a=&quot;b&quot;">A &amp; B</a>'
    )
    plain = linked(Notice(text="<b>"))
    assert plain == "&lt;b&gt;"
    assert isinstance(plain, SafeString)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//elsewhere.example/", "https://x.example"]
)
def test_an_address_elsewhere_is_refused(ann: User, url: str) -> None:
    with pytest.raises(ValidationError, match="on this site"):
        Notice(user=ann, text="Look!", url=url).full_clean()
    Notice(user=ann, text="Look!", url="/orders/").full_clean()
