"""The catalogue: what it keeps, when it forgets, and that no page is shown to somebody else."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from shop import catalogue, services
from shop.models import Product, Review

CATALOGUE = "/products/catalogue/"
type Capture = Callable[..., Any]


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(CATALOGUE).status_code == 200
    return len(seen)


def shows(text: str) -> bool:
    return text in Client().get(CATALOGUE).content.decode()


def test_the_second_visitor_asks_nothing(rows: str) -> None:
    assert [queries(Client()) for _ in range(2)] == [1, 0]


def test_it_has_everything_on_offer_in_its_category(rows: str) -> None:
    page = Client().get(CATALOGUE)
    shown = list(page.context["products"])
    assert sorted(shown, key=str) == sorted(Product.objects.active(), key=str)
    names = [product.category.name for product in shown]
    assert names == sorted(names)
    assert all(name in page.content.decode() for name in ("Basil", names[0], names[-1]))


def test_a_rating_is_the_average_of_the_reviews(rows: str) -> None:
    review = Review.objects.filter(product__is_active=True)[0]
    ratings = [each.rating for each in review.product.review_set.all()]
    product = catalogue.products().get(pk=review.product_id)
    assert (product.rating, product.reviews) == (sum(ratings) / len(ratings), len(ratings))


def test_the_header_is_the_visitors_own(rows: str) -> None:
    for name in ("ann", "ben"):
        client = Client()
        client.force_login(User.objects.get(username=name))
        page = client.get(CATALOGUE).content.decode()
        assert f'<span class="soft">{name}</span>' in page


def test_a_saved_price_is_seen(rows: str, django_capture_on_commit_callbacks: Capture) -> None:
    product = Product.objects.active()[0]
    assert not shows("987.65")
    with django_capture_on_commit_callbacks(execute=True):
        product.price = Decimal("987.65")
        product.save()
        assert not shows("987.65"), "a fragment was made before the commit"
    assert shows("987.65")


def test_an_update_is_seen_when_the_caller_says_so(
    rows: str, django_capture_on_commit_callbacks: Capture
) -> None:
    assert not shows("987.65")
    Product.objects.filter(sku="HER-001").update(price=Decimal("987.65"))
    assert not shows("987.65")
    with django_capture_on_commit_callbacks(execute=True):
        services.forget_price_list()
    assert shows("987.65")


def test_what_is_rolled_back_forgets_nothing(rows: str) -> None:
    before = catalogue.generation()
    with transaction.atomic():
        catalogue.forget()
        transaction.set_rollback(True)
    assert catalogue.generation() == before


def test_a_lost_generation_begins_again(rows: str) -> None:
    with mock.patch("django.db.transaction.on_commit", lambda call: call()):
        catalogue.forget()
    assert catalogue.generation() == 2
    cache.delete(catalogue.GENERATION)
    assert shows("Basil")


def addresses(resolver: URLResolver | None = None, start: str = "/") -> Iterator[str]:
    """Each address of the project without the admin, with 1 for each value in it."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from addresses(pattern, start + route)
        elif isinstance(pattern, URLPattern):
            yield re.sub("<.+?>", "1", start + route)


@pytest.mark.parametrize("address", sorted(set(addresses())))
def test_no_page_of_ann_is_shown_to_ben(rows: str, address: str) -> None:
    User.objects.filter(username="ann").update(username="ann-only-2f6c")
    ann, ben, anybody = Client(), Client(), Client()
    ann.force_login(User.objects.get(username="ann-only-2f6c"))
    ben.force_login(User.objects.get(username="ben"))
    ann.get(address)
    for client in (ben, anybody):
        response = client.get(address)
        if not response.streaming:
            assert b"ann-only-2f6c" not in response.content
