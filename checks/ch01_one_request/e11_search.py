"""01.11 A search that speaks JSON: data in place of a page."""

from __future__ import annotations

import json
from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.datastructures import MultiValueDictKeyError
from shop.models import Product

from checks.common import pages
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run


def new_products() -> None:
    """there is a book more, What's Eating My Tomato?, and a tomato cage that is sold out"""
    book = Product.objects.get(sku="BOO-008")
    for name, stock in (("What's Eating My Tomato?", 3), ("Tomato Cage", 0)):
        book.pk, book.sku, book.name, book.stock = None, f"NEW-{stock}", name, stock
        book.save()


search = Exercise(
    "01.11",
    "A search that speaks JSON",
    minutes=5,
    queries=1,
    changes=[new_products],
    hints=[
        'request.GET.get("q", "") is the text behind ?q=, or an empty one.',
        "An empty text is in every name. So an empty q needs an if of its own.",
        'JsonResponse wants a dictionary with a list of texts: {"products": [p.name for p in ...]}.',
    ],
)


@search.cases
def cases() -> list[tuple[HttpRequest]]:
    texts = ["?q=watering", "?q=", "", "?q=TOMATO", "?q=sprinkler", "?q=zeppelin", "?q=what%27s"]
    return [(pages.request(f"/search/{text}"),) for text in texts]


@search.check
def check(run: Run) -> str | None:
    if sentence := pages.no_response(run):
        return sentence
    if run.error:
        return None
    response = run.value
    if response.status_code != 200:
        return f"The status is {response.status_code}. Asked is 200, also when nothing is found."
    try:
        data = json.loads(pages.body(response))
    except ValueError:
        return f"This is not JSON: {compare.shown(pages.body(response))}. JsonResponse writes JSON."
    if "json" not in response.headers.get("Content-Type", ""):
        return (
            "The text is JSON, but the header says "
            f"{response.headers.get('Content-Type')}. JsonResponse sets the right one."
        )
    if not isinstance(data, dict) or list(data) != ["products"]:
        return f'Asked is a dictionary with one key, "products". Yours: {compare.shown(data)}'
    return _found(data["products"], run.arguments[0].GET.get("q", ""))


def _found(names: Any, q: str) -> str | None:
    if not isinstance(names, list):
        return f'Under "products" should stand a list. There is {compare.shown(names)}.'
    if strange := [name for name in names if not isinstance(name, str)]:
        return f"Each product should be its name, a text. Yours: {compare.shown(strange[0])}"
    offered = Product.objects.active()
    right = list(offered.filter(name__icontains=q).values_list("name", flat=True)) if q else []
    if names == right or names == sorted(right):
        return None
    if not q:
        return f"Without a text to look for, there is nothing to find. Yours finds {len(names)}."
    if hidden := set(names) - set(offered.values_list("name", flat=True)):
        return f"{min(hidden)} is not on offer, but your view finds it for {q!r}."
    if right and not names:
        return (
            f"Your view finds nothing for {q!r}; right is {right}. "
            "What stands behind the ? is in request.GET, and it may be in the middle of a name."
        )
    if missing := [name for name in right if name not in names]:
        if not offered.in_stock().filter(name__in=missing):
            return f"{missing[0]} is missing: it is sold out, but is_active says it is on offer."
        return (
            f"{missing[0]} is missing for {q!r}. The text may stand anywhere in the name, "
            "in capital letters or not."
        )
    if other := [name for name in names if name not in right]:
        return f"Your view finds {other[0]} for {q!r}."
    return f"The names for {q!r} are not sorted, or one is there more than once: {names}"


@search.mistake(
    'Without ?q= in the address, request.GET["q"] is an error. get("q", "") is empty then.'
)
def no_q(run: Run) -> bool:
    return isinstance(run.error, MultiValueDictKeyError)


@search.mistake('request.GET is a dictionary: request.GET.get("q", "") is what stands behind ?q=.')
def no_dictionary(run: Run) -> bool:
    return "'QueryDict' object" in str(run.error)


@search.mistake("request.GET.get without a default is None when there is no ?q=. Give it one: ''.")
def q_is_none(run: Run) -> bool:
    return "None" in str(run.error) and "q" not in run.arguments[0].GET


@search.mistake("JsonResponse wants a dictionary. Put the list under the key products.")
def bare_list(run: Run) -> bool:
    return "non-dict objects" in str(run.error)


@search.mistake(
    "JSON knows texts, numbers, lists and dictionaries: no set, no generator, no Django objects. "
    "Make a list of names."
)
def no_json(run: Run) -> bool:
    return "not JSON serializable" in str(run.error)


@search.mistake(
    "The text that somebody typed became part of your SQL, and broke it. It could also change "
    "your data. filter hands it over apart from the SQL."
)
def injected(run: Run) -> bool:
    return isinstance(run.error, DatabaseError)


@search.right
def with_values(request: HttpRequest) -> object:
    q = request.GET.get("q")
    names = Product.objects.none().values_list("name", flat=True)
    if q:
        offered = Product.objects.active().filter(name__icontains=q)
        names = offered.order_by("name").values_list("name", flat=True)
    return JsonResponse({"products": list(names)})


@search.right
def in_python(request: HttpRequest) -> object:
    q = request.GET.get("q", "").strip().lower()
    names = (p.name for p in Product.objects.active() if q and q in p.name.lower())
    text = json.dumps({"products": sorted(names)})
    return HttpResponse(text, content_type="application/json")


@search.right
def by_cursor(request: HttpRequest) -> object:
    if not (q := request.GET.get("q", "")):
        return JsonResponse({"products": []})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM shop_product "
            "WHERE is_active AND lower(name) LIKE lower(%s) ORDER BY name",
            [f"%{q}%"],
        )
        return JsonResponse({"products": [name for (name,) in cursor]})


@search.right
async def without_blocking(request: HttpRequest) -> object:
    products = Product.objects.active().filter(name__icontains=request.GET.get("q") or "\n")
    return JsonResponse({"products": [product.name async for product in products]})


def answer(products: Any) -> JsonResponse:
    return JsonResponse({"products": [product.name for product in products]})


@search.wrong(no_q)
def in_brackets(request: HttpRequest) -> object:
    q = request.GET["q"]
    return answer(Product.objects.active().filter(name__icontains=q) if q else [])


@search.wrong(no_dictionary)
def as_attribute(request: HttpRequest) -> object:
    get: Any = request.GET
    return answer(Product.objects.active().filter(name__icontains=get.q))


@search.wrong(no_dictionary)
def as_function(request: HttpRequest) -> object:
    get: Any = request.GET
    return answer(Product.objects.active().filter(name__icontains=get("q")))


@search.wrong("Your view finds nothing for 'watering'")
def from_a_form(request: HttpRequest) -> object:
    q = request.POST.get("q", "")
    return answer(Product.objects.active().filter(name__icontains=q) if q else [])


@search.wrong("Tomato Cage is missing: it is sold out, but is_active says it is on offer.")
def in_stock_only(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    return answer(Product.objects.in_stock().filter(name__icontains=q) if q else [])


@search.wrong("What's Eating My Tomato? is missing for 'TOMATO'. The text may stand anywhere")
def at_the_start(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    return answer(Product.objects.active().filter(name__istartswith=q) if q else [])


@search.wrong(q_is_none)
def no_default(request: HttpRequest) -> object:
    q: Any = request.GET.get("q")
    return answer(Product.objects.active().filter(name__icontains=q) if q != "" else [])


@search.wrong("Without a text to look for, there is nothing to find. Yours finds 77.")
def empty_finds_all(request: HttpRequest) -> object:
    return answer(Product.objects.active().filter(name__icontains=request.GET.get("q", "")))


@search.wrong("Sprinkler is not on offer, but your view finds it for 'sprinkler'.")
def not_on_offer(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    return answer(Product.objects.filter(name__icontains=q) if q else [])


@search.wrong("Your view finds nothing for 'watering'; right is ['Watering Can 5 l', 'W")
def whole_name(request: HttpRequest) -> object:
    return answer(Product.objects.active().filter(name=request.GET.get("q", "")))


@search.wrong(bare_list)
def list_alone(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    products = Product.objects.active().filter(name__icontains=q) if q else []
    return JsonResponse([product.name for product in products])


@search.wrong(no_json)
def a_set(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    names = {product.name for product in Product.objects.active().filter(name__icontains=q)}
    return JsonResponse({"products": names})


@search.wrong(no_json)
def queryset(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    return JsonResponse({"products": Product.objects.active().filter(name__icontains=q)})


@search.wrong("Each product should be its name, a text. Yours: ['Watering Can 5 l']")
def rows_not_flat(request: HttpRequest) -> object:
    names = Product.objects.active().filter(name__icontains=request.GET.get("q", ""))
    return JsonResponse({"products": list(names.values_list("name"))})


@search.wrong("A view returns a response, such as HttpResponse(...). Yours: {'products': ")
def dictionary_alone(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    return {"products": [p.name for p in Product.objects.active().filter(name__icontains=q)]}


@search.wrong("This is not JSON: ")
def python_text(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    names = [p.name for p in Product.objects.active().filter(name__icontains=q)]
    return HttpResponse(str({"products": names}))


@search.wrong("The text is JSON, but the header says text/html")
def as_html(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    names = [p.name for p in Product.objects.active().filter(name__icontains=q)]
    return HttpResponse(json.dumps({"products": names}))


@search.wrong("The status is 404. Asked is 200, also when nothing is found.")
def nothing_is_404(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    names = [p.name for p in Product.objects.active().filter(name__icontains=q) if q]
    return JsonResponse({"products": names}, status=200 if names else 404)


@search.wrong(injected)
def into_the_sql(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    sql = f"SELECT * FROM shop_product WHERE is_active AND lower(name) LIKE '%%{q.lower()}%%'"
    return answer(Product.objects.raw(sql + " ORDER BY name") if q else [])


@search.wrong("it took 3 queries. 1 is enough.")
def asks_for_each(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    keys = Product.objects.active().filter(name__icontains=q).values_list("pk") if q else []
    return answer(Product.objects.get(pk=pk) for (pk,) in keys)


@search.wrong("The names for 'watering' are not sorted")
def last_first(request: HttpRequest) -> object:
    q = request.GET.get("q", "")
    return answer(Product.objects.active().filter(name__icontains=q).order_by("-name") if q else [])
