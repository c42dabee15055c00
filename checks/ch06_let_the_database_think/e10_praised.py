"""06.10 Only good words: products for which there is no bad review."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Avg, Count, Exists, Max, Min, OuterRef, Q
from shop.models import Product, Review

from checks.common import changes, rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def bad_word() -> None:
    """a praised product got one star"""
    praised = Product.objects.annotate(worst=Min("review__rating")).filter(worst__gte=4)
    rows.review(praised.earliest("pk"), 1, "2026-02-01")


def two_good_words() -> None:
    """two customers gave a new product five stars"""
    product = Product.objects.create(
        name="Frost Blanket", sku="NEW-1", category_id=product_category(), price=9
    )
    rows.review(product, 5, "2026-02-01")
    rows.review(product, 5, "2026-02-02")


def product_category() -> int:
    return Product.objects.earliest("pk").category_id


praised = Exercise(
    "06.10",
    "Only good words",
    minutes=5,
    queries=1,
    changes=[bad_word, two_good_words, changes.no_reviews],
    hints=[
        "Two conditions: there is a review, and there is no review with a rating below 4.",
        "You can say both with Exists and ~Exists. Or look at one number: the worst rating.",
        "The way from a product to its reviews is called review in a query: no related_name.",
    ],
)


@praised.expects
def expected() -> object:
    ratings = defaultdict(list)
    for found in Review.objects.all():
        ratings[found.product_id].append(found.rating)
    products = Product.objects.all()
    return [product for product in products if min(ratings.get(product.pk, [0])) >= 4]


@praised.mistake("Products without any review are in your list. Nobody has praised them.")
def nobody_said(run: Run) -> bool:
    return bool(run.unexpected) and all(
        not product.review_set.exists() for product in run.unexpected
    )


@praised.mistake("A product comes more than once: a JOIN makes a row for each of its reviews.")
def once_for_each_review(run: Run) -> bool:
    return len({product.pk for product in run.rows}) < len(run.rows) and all(
        product in run.expected for product in run.rows
    )


@praised.mistake(
    "The average hides a bad word: two products with 5 and 3 stars have 4 on average. "
    "Look at the worst rating."
)
def good_on_average(run: Run) -> bool:
    good = Product.objects.annotate(a=Avg("review__rating")).filter(a__gte=4)
    return bool(run.unexpected) and {p.pk for p in run.rows} == {p.pk for p in good}


@praised.mistake("Your list has products with 3 stars. Less than 4 is bad, 4 itself is good.")
def three_stars(run: Run) -> bool:
    three = Product.objects.annotate(worst=Min("review__rating")).filter(worst__gte=3)
    return bool(run.unexpected) and {p.pk for p in run.rows} == {p.pk for p in three}


@praised.mistake("Your list has reviews. Asked are the products.")
def reviews_given(run: Run) -> bool:
    return isinstance(run.rows[0], Review)


@praised.mistake("Your list has products with a good review and a bad one. No review may be bad.")
def some_good_word(run: Run) -> bool:
    return bool(run.unexpected) and all(
        product.review_set.filter(rating__gte=4).exists() for product in run.unexpected
    )


@praised.mistake("4 stars are a good word, too: less than 4 is bad.")
def only_five(run: Run) -> bool:
    return (
        bool(run.missing)
        and not run.unexpected
        and all(product.review_set.filter(rating=4).exists() for product in run.missing)
    )


@praised.mistake("Review has no related_name: in a query the way back is called review.")
def no_such_name(run: Run) -> bool:
    return failed(run, "FieldError", "Cannot resolve keyword")


@praised.mistake("The reviews of each product cost a query of their own: this is N+1.")
def reviews_for_each(run: Run) -> bool:
    return run.queries > 3


@praised.right
def exists_and_not() -> object:
    own = Review.objects.filter(product=OuterRef("pk"))
    return Product.objects.filter(Exists(own), ~Exists(own.filter(rating__lt=4)))


@praised.right
def excluded_bad() -> object:
    products = Product.objects.filter(review__isnull=False).exclude(review__rating__lt=4)
    return products.distinct()


@praised.right
def none_bad_counted() -> object:
    bad = Count("review", filter=Q(review__rating__lt=4))
    return list(Product.objects.annotate(bad=bad, n=Count("review")).filter(bad=0, n__gt=0))


@praised.right
def praised_raw() -> object:
    products = Product.objects.raw("""
        SELECT * FROM shop_product WHERE id IN
        (SELECT product_id FROM shop_review GROUP BY product_id HAVING MIN(rating) >= 4)
    """)
    return list(products)


@praised.wrong(nobody_said)
def without_reviews_too() -> object:
    return Product.objects.exclude(review__rating__lt=4)


@praised.wrong(once_for_each_review)
def not_distinct() -> object:
    return Product.objects.filter(review__isnull=False).exclude(review__rating__lt=4)


@praised.wrong(good_on_average)
def average_of_four() -> object:
    return Product.objects.annotate(a=Avg("review__rating")).filter(a__gte=4)


@praised.wrong(some_good_word)
def any_good_word() -> object:
    return Product.objects.filter(review__rating__gte=4).distinct()


@praised.wrong(some_good_word)
def best_rating() -> object:
    return Product.objects.annotate(best=Max("review__rating")).filter(best__gte=4)


@praised.wrong(three_stars)
def worst_of_three() -> object:
    return Product.objects.annotate(worst=Min("review__rating")).filter(worst__gte=3)


@praised.wrong(reviews_given)
def good_reviews() -> object:
    return Review.objects.filter(rating__gte=4)


@praised.wrong(only_five)
def worst_over_four() -> object:
    return Product.objects.annotate(worst=Min("review__rating")).filter(worst__gt=4)


@praised.wrong(no_such_name)
def reviews_in_query() -> object:
    return Product.objects.annotate(worst=Min("review_set__rating")).filter(worst__gte=4)


@praised.wrong(reviews_for_each)
def praised_loop() -> object:
    found = []
    for product in Product.objects.all():
        ratings = [review.rating for review in product.review_set.all()]
        if ratings and min(ratings) >= 4:
            found.append(product)
    return found


@praised.wrong("Each row should be objects of Product")
def names_of_praised() -> object:
    products = Product.objects.annotate(worst=Min("review__rating")).filter(worst__gte=4)
    return products.values_list("name", flat=True)
