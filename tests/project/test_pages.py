"""The pages: their status, their queries, and that a hostile row stays text."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from html.parser import HTMLParser
from io import StringIO

import pytest
from accounts.models import LoginRecord
from backups.models import Backup
from company.models import Assignment, Department, Employee, Project
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from loyalty.models import PointEntry
from notifications.models import Notice
from ordering.models import Step
from shop.models import (
    Category,
    Customer,
    Invoice,
    Order,
    OrderLine,
    PriceChange,
    Product,
    Review,
)
from subscriptions.models import BirthdayWish, Membership, Reminder

# The most queries that a page may make for a visitor without a login.
PAGES = {
    "/": 4,
    "/departments/": 1,
    "/departments/1/": 3,
    "/employees/": 2,
    "/employees/?page=2": 2,
    "/employees/?q=o%27": 2,
    "/employees/1/": 4,
    "/products/": 3,
    "/products/?page=99": 3,
    "/products/51/": 3,
    "/categories/1/": 4,
    "/accounts/login/": 0,
}
# For the staff: session, user and, outside of the admin, the unread notices come on top.
STAFF_PAGES = {
    "/orders/": 5,
    "/orders/1/": 5,
    "/notifications/": 5,
    "/admin/": 3,
    "/admin/company/department/": 5,
    "/admin/company/skill/": 5,
    "/admin/company/employee/": 6,
    "/admin/company/project/": 6,
    "/admin/company/project/1/change/": 5,
    "/admin/company/assignment/": 5,
    "/admin/shop/customer/": 6,
    "/admin/shop/category/": 5,
    "/admin/shop/product/": 6,
    "/admin/shop/order/": 5,
    "/admin/shop/order/1/change/": 5,
    "/admin/shop/orderline/": 5,
    "/admin/shop/review/": 6,
    "/admin/shop/invoice/": 5,
    "/admin/shop/pricechange/": 5,
    "/admin/notifications/notice/": 5,
    "/admin/backups/backup/": 7,
    "/admin/subscriptions/membership/": 5,
    "/admin/subscriptions/reminder/": 5,
    "/admin/subscriptions/birthdaywish/": 5,
    "/admin/ordering/step/": 5,
    "/admin/loyalty/pointentry/": 5,
    "/admin/accounts/profile/": 5,
    "/admin/accounts/loginrecord/": 5,
}


@pytest.fixture
def staff(rows: str, client: Client) -> Client:
    client.force_login(User.objects.get(username="admin"))
    return client


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        response = client.get(address)
    assert response.status_code == 200
    return len(seen)


def grow() -> None:
    """Ten times as many rows of everything that a page lists."""
    call_command("more_employees", 600, stdout=StringIO())
    Department.objects.bulk_create(
        Department(name=f"Branch {n}", city="Cork", budget=n) for n in range(80)
    )
    day = date(2026, 3, 1)
    projects = Project.objects.bulk_create(
        Project(name=f"Plan {n}", code=f"P-{n}", department_id=1, starts_on=day, budget=n)
        for n in range(200)
    )
    Assignment.objects.bulk_create(
        Assignment(employee_id=1, project=project, role="lead", hours_per_week=1)
        for project in projects
    )
    team = Employee.objects.exclude(projects=1)
    Assignment.objects.bulk_create(
        Assignment(employee=member, project_id=1, role="member", hours_per_week=1)
        for member in team[:100]
    )
    Category.objects.bulk_create(Category(name=f"Shelf {n}", parent_id=1) for n in range(100))
    products = Product.objects.bulk_create(
        Product(name=f"Pot {n}", sku=f"POT-{n}", category_id=1, price=n) for n in range(800)
    )
    customers = Customer.objects.bulk_create(
        Customer(name=f"Ida {n}", email=f"ida{n}@example.com", joined_on=day) for n in range(300)
    )
    Order.objects.bulk_create(
        Order(number=f"X-{n}", customer=customer) for n, customer in enumerate(customers)
    )
    OrderLine.objects.bulk_create(
        OrderLine(order_id=1, product=product, quantity=1, unit_price=1)
        for product in products[:100]
    )
    Notice.objects.bulk_create(Notice(user_id=1, text=f"News {n}") for n in range(300))
    members = Membership.objects.bulk_create(
        Membership(customer=customer, starts_on=day, ends_on=day) for customer in customers
    )
    Reminder.objects.bulk_create(Reminder(membership=row, ends_on=day) for row in members)
    BirthdayWish.objects.bulk_create(BirthdayWish(membership=row, year=2026) for row in members)
    orders = Order.objects.all()[:300]
    Step.objects.bulk_create(Step(order=order, kind="packing") for order in orders)
    PointEntry.objects.bulk_create(
        PointEntry(order=order, customer_id=order.customer_id, reason="ordered", points=1)
        for order in orders
    )
    Backup.objects.bulk_create(Backup(day=day + timedelta(days=n)) for n in range(300))
    Invoice.objects.bulk_create(Invoice(order_id=n, total=n) for n in range(1, 201))
    PriceChange.objects.bulk_create(
        PriceChange(product=product, old_price=1, new_price=2) for product in products
    )
    LoginRecord.objects.bulk_create(
        LoginRecord(username=f"guest{n}", successful=False) for n in range(300)
    )
    Review.objects.bulk_create(
        Review(product_id=51, customer=customer, rating=5, written_on=day) for customer in customers
    )


def test_the_number_of_queries_does_not_grow_with_the_rows(rows: str, client: Client) -> None:
    before = {address: queries(client, address) for address in PAGES}
    assert before == PAGES
    grow()
    assert {address: queries(client, address) for address in PAGES} == before


def test_nor_does_it_for_the_staff(staff: Client) -> None:
    for address in STAFF_PAGES:
        staff.get(address)  # From here on the content types are known.
    before = {address: queries(staff, address) for address in STAFF_PAGES}
    assert before == STAFF_PAGES
    grow()
    assert {address: queries(staff, address) for address in STAFF_PAGES} == before


@pytest.mark.parametrize(
    "address",
    [
        "/departments/99/",
        "/employees/99/",
        "/employees/99999999999999999999999/",
        "/employees/one/",
        "/products/99/",
        "/categories/99/",
        "/nowhere/",
    ],
)
def test_not_found(rows: str, client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert b"There is nothing at this address" in response.content


@pytest.mark.parametrize("address", ["/orders/", "/orders/1/"])
def test_orders_want_a_login(rows: str, client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 302
    assert response.url == f"/accounts/login/?next={address}"


def test_login_and_logout(rows: str, client: Client) -> None:
    ann = {"username": "ann", "password": "under-glass"}
    wrong = client.post("/accounts/login/", ann | {"password": "guess"})
    assert b"Please enter a correct username and password" in wrong.content
    response = client.post("/accounts/login/?next=/orders/", ann, follow=True)
    assert response.redirect_chain == [("/orders/", 302)]
    assert b"Log out" in response.content
    before = User.objects.get(username="ann").password
    assert before == User.objects.get(username="ben").password
    client.post("/accounts/logout/")
    assert client.get("/orders/").status_code == 302


def test_customers_see_their_own_orders_only(rows: str, client: Client) -> None:
    ann = User.objects.get(username="ann")
    client.force_login(ann)
    page = client.get("/orders/").context["page"]
    assert {order.customer_id for order in page} == {ann.customer.pk}
    assert client.get(f"/orders/{page[0].pk}/").status_code == 200
    other = Order.objects.exclude(customer__user=ann)[0]
    assert client.get(f"/orders/{other.pk}/").status_code == 404


def test_lists_are_in_order(staff: Client) -> None:
    names = [row.name for row in staff.get("/departments/").context["departments"]]
    assert names == list(Department.objects.values_list("name", flat=True))
    placed = [order.placed_at for order in staff.get("/orders/").context["page"]]
    assert placed == sorted(placed, reverse=True)
    assert len(placed) == 20


def test_those_who_left_are_not_listed(rows: str, client: Client) -> None:
    gone = Employee.objects.filter(is_active=False)[0]
    assert client.get("/employees/").context["page"].paginator.count == 56
    found = client.get("/employees/", {"q": gone.name}).context["page"]
    assert gone not in found.object_list
    assert b"(has left)" in client.get(f"/employees/{gone.pk}/").content


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("o'brien", ["Siobhán O'Brien"]),
        ("ليلى", ["ليلى حداد"]),
        ("head of sal", ["Tunde Adeyemi"]),
        ("%", []),
        ("\0", None),
        ("<script>", []),
    ],
)
def test_search(rows: str, client: Client, q: str, names: list[str] | None) -> None:
    response = client.get("/employees/", {"q": q})
    assert b"<script" not in response.content
    page = response.context["page"]
    assert page.paginator.count == 56 if names is None else [e.name for e in page] == names


def test_pages_keep_the_question(rows: str, client: Client) -> None:
    content = client.get("/employees/", {"q": "er", "page": "2"}).content.decode()
    assert 'href="?q=er&amp;page=1"' in content


def test_a_hostile_row_stays_text(staff: Client) -> None:
    attack, harmless = b"<script>alert", b"&lt;script&gt;alert(1)&lt;/script&gt;"
    mallory = Customer.objects.get(name__startswith="Mallory")
    product = mallory.review_set.get(text__startswith="<script").product
    order = mallory.orders.all()[0]
    # However many come after it, the order and the review stay on the first page.
    mallory.review_set.update(written_on=date(2026, 3, 2))
    Order.objects.filter(pk=order.pk).update(placed_at="2026-03-02T12:00Z")
    addresses = [
        "/orders/",
        f"/orders/{order.pk}/",
        f"/products/{product.pk}/",
        "/admin/shop/customer/?q=mallory",
        f"/admin/shop/customer/{mallory.pk}/change/",
    ]
    for address in addresses:
        content = staff.get(address).content
        assert attack not in content
        assert harmless in content


class Outline(HTMLParser):
    """Count the elements that a screen reader leans on."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.bare_headings = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.bare_headings += tag == "th" and "scope" not in dict(attrs)


def own_pages() -> Iterator[str]:
    yield from PAGES
    yield from (address for address in STAFF_PAGES if not address.startswith("/admin/"))


def test_landmarks_captions_and_headings(staff: Client) -> None:
    for address in own_pages():
        html = staff.get(address).content.decode()
        outline = Outline(html)
        assert '<html lang="en">' in html
        assert '<a class="skip" href="#main">' in html
        assert [outline.tags.count(tag) for tag in ("main", "h1", "header", "footer")] == [1] * 4
        assert outline.tags.count("caption") == outline.tags.count("table")
        assert outline.bare_headings == 0
        # Shown by itself, the page asks for nothing else.
        assert not {"script", "img", "iframe"} & set(outline.tags)
        assert re.findall("<link [^>]*>", html) == ['<link rel="icon" href="data:,">']


@pytest.mark.django_db
def test_pages_without_rows(client: Client) -> None:
    for address in ["/", "/departments/", "/employees/", "/products/"]:
        assert client.get(address).status_code == 200
    assert b"There are no departments yet." in client.get("/departments/").content
