"""04.13 The best of the year: two conditions on one row of the many side."""

from __future__ import annotations

from django.db.models import Exists, Q
from shop.models import Product, Review

from checks.common import changes, rows
from checks.common.runs import failed, is_right
from tutor.judge.exercise import Exercise, Run


def praised_twice() -> None:
    """a product got two five-star reviews in one year"""
    product = Product.objects.get(name="Echeveria")
    rows.review(product, 5, "2026-02-01")
    rows.review(product, 5, "2026-02-02")


def praised_before() -> None:
    """a product has five stars from 2024, and one star from 2026"""
    product = Product.objects.exclude(pk__in=Review.objects.values("product")).earliest("pk")
    rows.review(product, 5, "2024-05-01")
    rows.review(product, 1, "2026-02-02")


praised = Exercise(
    "04.13",
    "The best of the year",
    minutes=7,
    queries=1,
    changes=[praised_twice, praised_before, changes.no_reviews],
    hints=[
        "From a product to its reviews in a filter: the name is review, without _set.",
        "One review has to fit both conditions: five stars, and this year. So one filter().",
        "Two such reviews make two rows of one product. Which two cures do you know?",
    ],
)


@praised.cases
def cases() -> object:
    return [(2025,), (2026,), (1999,)]


@praised.expects
def expected(year: int) -> object:
    reviews = [r for r in Review.objects.all() if r.rating == 5 and r.written_on.year == year]
    best = {review.product_id for review in reviews}
    return [product for product in Product.objects.all() if product.pk in best]


@praised.mistake(
    "The name in a filter is review. Only the manager on a product is called review_set."
)
def set_in_reverse_filter(run: Run) -> bool:
    return failed(run, "FieldError", "'review")


@praised.mistake(
    "rating and written_on are fields of the review, not of the product. "
    "Walk there with two underscores."
)
def product_has_no_rating(run: Run) -> bool:
    return failed(run, "FieldError", "'rating'") or failed(run, "FieldError", "'written_on")


@praised.mistake("written_on is a day. Two underscores more take its year.")
def day_is_no_year(run: Run) -> bool:
    return failed(run, "ValidationError") or failed(run, "TypeError", "fromisoformat")


@praised.mistake("A product stands in your list once for each such review. Asked is: once.")
def praised_repeated(run: Run) -> bool:
    return bool(run.unexpected) and all(product in run.expected for product in run.unexpected)


@praised.mistake(
    "Two filter() calls may find two reviews: one with five stars, another one of this year. "
    "One filter() with both conditions asks for one review."
)
def two_filters(run: Run) -> bool:
    year = run.arguments[0]
    best = Review.objects.filter(rating=5).values_list("product", flat=True)
    recent = Review.objects.filter(written_on__year=year).values_list("product", flat=True)
    both = set(best) & set(recent)
    return bool(run.unexpected) and all(product.pk in both for product in run.unexpected)


@praised.mistake(
    "You have all products. Exists() without OuterRef asks whether there is such a review at all, "
    'of any product. Tie it to the product: product=OuterRef("pk").'
)
def exists_anywhere(run: Run) -> bool:
    return len(run.rows) == Product.objects.count() and "EXISTS" in run.seen.queries[-1].sql


@praised.mistake("Your list has products whose five stars are from another year.")
def of_any_year(run: Run) -> bool:
    best = set(Review.objects.filter(rating=5).values_list("product", flat=True))
    return bool(run.unexpected) and all(product.pk in best for product in run.unexpected)


@praised.mistake("Your list has products that got fewer than five stars in this year.")
def of_any_rating(run: Run) -> bool:
    reviewed = Review.objects.filter(written_on__year=run.arguments[0])
    products = set(reviewed.values_list("product", flat=True))
    return bool(run.unexpected) and all(product.pk in products for product in run.unexpected)


@praised.mistake("The result is right, but each row costs a query of its own: this is N+1.")
def reviews_of_each(run: Run) -> bool:
    return is_right(run) and bool(run.n_plus_1)


@praised.right
def praised_distinct(year: int) -> object:
    return Product.objects.filter(review__rating=5, review__written_on__year=year).distinct()


@praised.right
def praised_subquery(year: int) -> object:
    reviews = Review.objects.filter(rating=5, written_on__year=year)
    return Product.objects.filter(pk__in=reviews.values("product"))


@praised.right
def praised_from_reviews(year: int) -> object:
    reviews = Review.objects.filter(rating=5, written_on__year=year).select_related("product")
    return {review.product for review in reviews}


@praised.right
def praised_by_days(year: int) -> object:
    days = (f"{year}-01-01", f"{year}-12-31")
    return Product.objects.filter(
        Q(review__rating=5) & Q(review__written_on__range=days)
    ).distinct()


@praised.wrong(set_in_reverse_filter)
def praised_review_set(year: int) -> object:
    return Product.objects.filter(review_set__rating=5, review_set__written_on__year=year)


@praised.wrong(set_in_reverse_filter)
def praised_plural(year: int) -> object:
    return Product.objects.filter(reviews__rating=5, reviews__written_on__year=year)


@praised.wrong(product_has_no_rating)
def praised_own_rating(year: int) -> object:
    return Product.objects.filter(rating=5, written_on__year=year)


@praised.wrong(day_is_no_year)
def praised_on_year(year: int) -> object:
    return Product.objects.filter(review__rating=5, review__written_on=str(year)).distinct()


@praised.wrong(day_is_no_year)
def praised_on_number(year: int) -> object:
    return Product.objects.filter(review__rating=5, review__written_on=year).distinct()


@praised.wrong(praised_repeated)
def praised_often(year: int) -> object:
    return Product.objects.filter(review__rating=5, review__written_on__year=year)


@praised.wrong(two_filters)
def praised_two_filters(year: int) -> object:
    best = Product.objects.filter(review__rating=5)
    return best.filter(review__written_on__year=year).distinct()


@praised.wrong(of_any_year)
def praised_ever(year: int) -> object:
    return Product.objects.filter(review__rating=5).distinct()


@praised.wrong(of_any_rating)
def reviewed_that_year(year: int) -> object:
    return Product.objects.filter(review__written_on__year=year).distinct()


@praised.wrong(reviews_of_each)
def praised_loop(year: int) -> object:
    products = Product.objects.all()
    return [p for p in products if p.review_set.filter(rating=5, written_on__year=year)]


@praised.wrong(exists_anywhere)
def praised_anywhere(year: int) -> object:
    reviews = Review.objects.filter(rating=5, written_on__year=year)
    return Product.objects.filter(Exists(reviews))


@praised.wrong(reviews_of_each)
def praised_forward_loop(year: int) -> object:
    return {r.product for r in Review.objects.filter(rating=5, written_on__year=year)}
