"""01.9 The price of one product: a pattern, a view, and a row that is not there."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import aget_object_or_404, get_object_or_404, redirect, render
from django.template import Context, Template
from django.urls import NoReverseMatch, include, path, re_path, reverse
from django.utils.html import format_html
from django.views.generic import View
from shop.models import Product

from checks.ch01_one_request import NO_CONTEXT, NO_FILE, PROGRAM, found_no_file, got_no_context
from checks.common import pages
from tutor.judge.exercise import Exercise, Run


def hostile_product() -> None:
    """a product has a small program in its name"""
    Product.objects.filter(sku="HER-001").update(name=f"Basil <script>{PROGRAM}</script>")


def new_price() -> None:
    """the prices went up"""
    Product.objects.update(price=F("price") + 1)


urlpatterns = Exercise(
    "01.9",
    "The price of one product",
    minutes=5,
    queries=1,
    changes=[hostile_product, new_price],
    hints=[
        "Define the view first: def price(request, sku). Then return [path(...)].",
        'The pattern takes the sku out of the address: "prices/<str:sku>/".',
        "get_object_or_404(Product, sku=sku) finds the product, or answers 404.",
    ],
)


@urlpatterns.check
def check(run: Run) -> str | None:
    patterns = run.value
    if sentence := pages.no_patterns(patterns):
        return sentence
    own = dearest = run.seen
    for product in Product.objects.filter(sku__in=["HER-001", "SUC-002"]):
        response = pages.visit(run, patterns, f"/prices/{product.sku}/")
        if response is None:
            return None
        if sentence := _price(response, product, patterns):
            return f"/prices/{product.sku}/: {sentence}"
        dearest = max(dearest, run.seen, key=lambda seen: len(seen.queries))
    response = pages.visit(run, patterns, "/prices/HER-999/")
    if response is None:
        return None
    if response.status_code != 404:
        return (
            f"No product has the sku HER-999, but /prices/HER-999/ answers {response.status_code}. "
            "It should answer 404: then browsers and search machines know, too."
        )
    run.seen = dearest if len(dearest.queries) > 1 else own
    try:
        address = reverse("price", args=["HER-001"], urlconf=pages.urls(patterns))
    except NoReverseMatch:
        return 'The pages are right. But no pattern has the name "price": path(..., name="price").'
    if address != "/prices/HER-001/":
        return f'reverse("price", ...) leads to {address}, and not to /prices/HER-001/.'
    return None


def _price(response: Any, product: Product, patterns: Any) -> str | None:
    if response.status_code == 404:
        texts = [str(pattern.pattern) for pattern in patterns]
        if any(text.startswith("/") for text in texts):
            return "no pattern fits. A pattern does not begin with a slash."
        if not any(text.endswith(("/", "$", r"\Z")) for text in texts):
            return "no pattern fits. Does yours end with a slash, as the address does?"
        return "not found, 404. Does your pattern fit, and does your view look for the sku?"
    if response.status_code != 200:
        return f"the status is {response.status_code}, and not 200."
    page = pages.read(response)
    if page.runs(PROGRAM):
        return (
            "the name is a small program here, and the page would run it. "
            "A template and format_html escape it; an f-string does not."
        )
    if product.name not in page.text:
        return f"the page does not show the name, {product.name}. It shows: {page.text}"
    if str(product.price) not in page.text:
        return f"the page does not show the price, {product.price}. It shows: {page.text}"
    return None


@urlpatterns.mistake(
    "For a sku that no product has, your view breaks. A visitor would see status 500. "
    "get_object_or_404 answers 404 instead."
)
def breaks(run: Run) -> bool:
    absent = (ObjectDoesNotExist, IndexError)
    return isinstance(run.error, absent) or "'NoneType' object" in str(run.error)


@urlpatterns.mistake("Your view returns no response on one path through it. On each it must.")
def no_answer(run: Run) -> bool:
    return "didn't return an HttpResponse" in str(run.error)


@urlpatterns.mistake("Http404 is an exception, not a response: raise it, do not return it.")
def returned_404(run: Run) -> bool:
    return "'Http404' object has no attribute" in str(run.error)


@urlpatterns.mistake(
    "Your view returns something that is no response. HttpResponse(...) makes one."
)
def other_answer(run: Run) -> bool:
    return isinstance(run.error, AttributeError) and "has no attribute 'get'" in str(run.error)


@urlpatterns.mistake("The sku is a text, and the key pk is a number. Look for sku=sku.")
def looked_for_the_key(run: Run) -> bool:
    return "Field 'id' expected a number" in str(run.error)


@urlpatterns.mistake(
    "path wants the view itself: its name, without () behind it and without quotation marks."
)
def called(run: Run) -> bool:
    return "view must be a callable" in str(run.error) or "'request' and" in str(run.error)


@urlpatterns.mistake(
    "The pattern hands over an argument, and the view takes another one. "
    "The name in <str:...> must be the name of the view's argument."
)
def other_argument(run: Run) -> bool:
    return isinstance(run.error, TypeError) and "argument" in str(run.error)


urlpatterns.mistake(NO_CONTEXT)(got_no_context)


urlpatterns.mistake(NO_FILE)(found_no_file)


def price_page(product: Product) -> HttpResponse:
    text = "<h1>{{ product.name }}</h1><p>{{ product.price }} €</p>"
    return HttpResponse(Template(text).render(Context({"product": product})))


@urlpatterns.right
def by_hand_404() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        try:
            return price_page(Product.objects.get(sku=sku))
        except Product.DoesNotExist:
            raise Http404("There is no such product.") from None

    return [path("prices/<slug:sku>/", price, name="price")]


@urlpatterns.right
def plain_text() -> object:
    def show(request: HttpRequest, number: str) -> HttpResponse:
        row = Product.objects.filter(sku=number).values_list("name", "price").first()
        if row is None:
            return HttpResponseNotFound("No such product")
        return HttpResponse(f"{row[0]} costs {row[1]}", content_type="text/plain")

    return (re_path(r"^prices/(?P<number>[A-Z]+-\d+)/$", show, name="price"),)


@urlpatterns.right
def in_two_steps() -> object:
    async def price(request: HttpRequest, sku: str) -> HttpResponse:
        return price_page(await aget_object_or_404(Product, sku=sku))

    return [path("prices/", include([path("<sku>/", price, name="price")]))]


@urlpatterns.right
def with_a_view_class() -> object:
    class Price(View):
        def get(self, request: HttpRequest, sku: str) -> HttpResponse:
            return price_page(get_object_or_404(Product.objects.active(), sku=sku))

    return [path("prices/<str:sku>/", Price.as_view(), name="price")]


@urlpatterns.wrong(breaks)
def with_get() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        return price_page(Product.objects.get(sku=sku))

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong(breaks)
def with_first() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        product: Any = Product.objects.filter(sku=sku).first()
        return HttpResponse(format_html("{}: {}", product.name, product.price))

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong("No product has the sku HER-999, but /prices/HER-999/ answers 200")
def empty_page() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        return price_page(Product.objects.filter(sku=sku).first())

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong("No product has the sku HER-999, but /prices/HER-999/ answers 200")
def polite() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        for product in Product.objects.filter(sku=sku):
            return price_page(product)
        return HttpResponse("Not found")

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong("No product has the sku HER-999, but /prices/HER-999/ answers 302")
def leads_away() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        for product in Product.objects.filter(sku=sku):
            return price_page(product)
        return redirect("product_list")

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong(no_answer)
def falls_through() -> object:
    def price(request: HttpRequest, sku: str) -> Any:
        for product in Product.objects.filter(sku=sku):
            return price_page(product)
        return None

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong(other_argument)
def by_pk() -> object:
    def price(request: HttpRequest, pk: str) -> HttpResponse:
        return price_page(get_object_or_404(Product, sku=pk))

    return [path("prices/<str:sku>/", price, name="price")]


def right_price(request: HttpRequest, sku: str) -> HttpResponse:
    return price_page(get_object_or_404(Product, sku=sku))


@urlpatterns.wrong("A pattern does not begin with a slash.")
def slash_first() -> object:
    return [path("/prices/<str:sku>/", right_price, name="price")]


@urlpatterns.wrong("Does yours end with a slash, as the address does?")
def no_slash_last() -> object:
    return [path("prices/<str:sku>", right_price, name="price")]


@urlpatterns.wrong('The pages are right. But no pattern has the name "price"')
def nameless() -> object:
    return [path("prices/<str:sku>/", right_price)]


@urlpatterns.wrong("urlpatterns is a list, even with one pattern")
def one_pattern() -> object:
    return path("prices/<str:sku>/", right_price, name="price")


@urlpatterns.wrong(called)
def too_early() -> object:
    response: Any = HttpResponse("Basil: 2.90")
    return [path("prices/<str:sku>/", response, name="price")]


@urlpatterns.wrong(called)
def with_brackets() -> object:
    price: Any = right_price
    return [path("prices/<str:sku>/", price(), name="price")]


@urlpatterns.wrong(returned_404)
def not_raised() -> object:
    def price(request: HttpRequest, sku: str) -> Any:
        product = Product.objects.filter(sku=sku).first()
        return price_page(product) if product else Http404("There is no such product.")

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong(other_answer)
def only_words() -> object:
    def price(request: HttpRequest, sku: str) -> Any:
        product = get_object_or_404(Product, sku=sku)
        return f"{product.name}: {product.price}"

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong(looked_for_the_key)
def sku_as_key() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        return price_page(get_object_or_404(Product, pk=sku))

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong(NO_CONTEXT)
def values_as_they_are() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        values: Any = {"product": get_object_or_404(Product, sku=sku)}
        return HttpResponse(Template("{{ product.name }}: {{ product.price }}").render(values))

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong(NO_FILE)
def text_for_render() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        product = get_object_or_404(Product, sku=sku)
        return render(request, "{{ product.name }}: {{ product.price }}", {"product": product})

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong("/prices/SUC-002/: not found, 404.")
def one_address() -> object:
    def price(request: HttpRequest) -> HttpResponse:
        return price_page(get_object_or_404(Product, sku="HER-001"))

    return [path("prices/HER-001/", price, name="price")]


@urlpatterns.wrong("the name is a small program here, and the page would run it")
def in_an_f_string() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        product = get_object_or_404(Product, sku=sku)
        return HttpResponse(f"{product.name}: {product.price}")

    return [path("prices/<str:sku>/", price, name="price")]


@urlpatterns.wrong("the page does not show the price, 2.90. It shows: Basil")
def float_price() -> object:
    def price(request: HttpRequest, sku: str) -> HttpResponse:
        product = get_object_or_404(Product, sku=sku)
        return HttpResponse(format_html("{}: {}", product.name, float(product.price)))

    return [path("prices/<str:sku>/", price, name="price")]
