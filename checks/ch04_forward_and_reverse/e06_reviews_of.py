"""04.6 What people say: the way back without a related_name."""

from __future__ import annotations

from collections import Counter

from shop.models import Customer, Product, Review

from checks.ch04_forward_and_reverse import many_as_list
from checks.common import changes, rows
from checks.common.runs import failed, is_right
from tutor.judge.exercise import Exercise, Run


def namesakes_agree() -> None:
    """two customers of the same name gave a product the same rating"""
    product = Product.objects.get(name="Echeveria")
    rows.review(product, 5, "2026-02-01", rows.customer("Kim Lee"))
    rows.review(product, 5, "2026-02-02", rows.customer("Kim Lee"))


reviews_of = Exercise(
    "04.6",
    "What people say",
    minutes=4,
    queries=1,
    changes=[namesakes_agree, changes.no_reviews],
    hints=[
        "From one product to many reviews: reverse. So the product has a manager for them.",
        "Review has no related_name. Then the name is the model in small letters, and _set.",
        "Each review knows its customer: forward. Let the same query read it.",
    ],
)


@reviews_of.cases
def cases() -> object:
    unreviewed = Product.objects.exclude(pk__in=Review.objects.values("product"))
    return [(Product.objects.get(name="Echeveria"),), (unreviewed.earliest("pk"),)]


@reviews_of.expects
def expected(product: Product) -> object:
    names = dict(Customer.objects.values_list("pk", "name"))
    reviews = [review for review in Review.objects.all() if review.product_id == product.pk]
    return [(names[review.customer_id], review.rating) for review in reviews]


@reviews_of.mistake(
    "There is no related_name in Review, so Django made the name: review_set, with one s."
)
def not_review_set(run: Run) -> bool:
    return failed(run, "AttributeError", "'Product' object has no attribute")


reviews_manager = many_as_list(reviews_of, "product.review_set")


@reviews_of.mistake(
    "In values(), filter() and select_related() there is no _set: the name there is review, "
    "and a review has a product and a customer."
)
def set_in_query(run: Run) -> bool:
    return failed(run, "FieldError", "_set'")


@reviews_of.mistake("The two values stand in the other order: first the name, then the rating.")
def rating_first(run: Run) -> bool:
    return Counter((name, rating) for rating, name in run.rows) == Counter(run.expected)


@reviews_of.mistake("The customer is a number in your rows. Its name is one step further.")
def number_of_customer(run: Run) -> bool:
    return bool(run.rows) and all(isinstance(number, int) for row in run.rows for number in row)


@reviews_of.mistake(
    "The result is right, but each review's customer costs a query of its own: this is N+1."
)
def customer_of_each(run: Run) -> bool:
    return is_right(run) and "Review.customer" in run.n_plus_1


@reviews_of.mistake("These are the reviews of all products. Asked are those of one.")
def of_all_products(run: Run) -> bool:
    everything: int = Review.objects.count()
    return len(run.rows) == everything > len(run.expected)


@reviews_of.mistake(
    "Two customers of the same name gave the same rating: those are two reviews, and two rows."
)
def namesakes_once(run: Run) -> bool:
    return bool(run.missing) and all(row in run.rows for row in run.missing)


@reviews_of.right
def reviews_by_values(product: Product) -> object:
    return product.review_set.values_list("customer__name", "rating")


@reviews_of.right
def reviews_by_filter(product: Product) -> object:
    found = Review.objects.filter(product=product).select_related("customer")
    return [[review.customer.name, review.rating] for review in found.order_by("-rating")]


@reviews_of.right
def reviews_from_customers(product: Product) -> object:
    return Customer.objects.filter(review__product=product).values_list("name", "review__rating")


@reviews_of.wrong(not_review_set)
def reviews_plural(product: Product) -> object:
    return [(review.customer.name, review.rating) for review in product.reviews.all()]


@reviews_of.wrong(not_review_set)
def reviews_set(product: Product) -> object:
    return product.reviews_set.values_list("customer__name", "rating")


@reviews_of.wrong(reviews_manager)
def over_the_manager(product: Product) -> object:
    return [(review.customer.name, review.rating) for review in product.review_set]


@reviews_of.wrong(set_in_query)
def set_in_filter(product: Product) -> object:
    return Customer.objects.filter(review_set__product=product).values_list("name")


@reviews_of.wrong(number_of_customer)
def customers_number(product: Product) -> object:
    return product.review_set.values_list("customer", "rating")


@reviews_of.wrong(rating_first)
def other_way_round(product: Product) -> object:
    return product.review_set.values_list("rating", "customer__name")


@reviews_of.wrong(customer_of_each)
def customer_loop(product: Product) -> object:
    return [(review.customer.name, review.rating) for review in product.review_set.all()]


@reviews_of.wrong(of_all_products)
def everything_said(product: Product) -> object:
    return Review.objects.values_list("customer__name", "rating")


@reviews_of.wrong(namesakes_once)
def as_a_set(product: Product) -> object:
    return set(product.review_set.values_list("customer__name", "rating"))


@reviews_of.wrong("Each row should be like ('")
def the_reviews_themselves(product: Product) -> object:
    return product.review_set.all()
