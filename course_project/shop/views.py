from typing import Any
from uuid import UUID

from celery.result import AsyncResult
from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.db.models import Avg, Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from . import catalogue, services
from .models import Category, Order, Product
from .tasks import monthly_sales


def product_list(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """All products, or those of one category."""
    products = Product.objects.active().select_related("category")
    category = get_object_or_404(Category, pk=pk) if pk is not None else None
    if category:
        products = products.in_category(category)
    context = {
        "page": Paginator(products, 24).get_page(request.GET.get("page")),
        "category": category,
        "categories": Category.objects.all(),
    }
    return render(request, "shop/product_list.html", context)


def product_detail(request: HttpRequest, pk: int) -> HttpResponse:
    product = get_object_or_404(Product.objects.select_related("category"), pk=pk)
    context = {
        "product": product,
        "rating": product.review_set.aggregate(average=Avg("rating"), count=Count("pk")),
        "reviews": product.review_set.select_related("customer").order_by("-written_on")[:10],
    }
    return render(request, "shop/product_detail.html", context)


def price_list(request: HttpRequest) -> JsonResponse:
    """For other shops: what is on offer, and at what price."""
    return JsonResponse({"products": services.price_list()})


@login_required
def order_list(request: HttpRequest) -> HttpResponse:
    orders = Order.objects.visible_to(request.user).select_related("customer", "seller")
    # Grouping drops the ordering of Meta: say it again.
    orders = orders.with_total().order_by("-placed_at")
    page = Paginator(orders, 20).get_page(request.GET.get("page"))
    return render(request, "shop/order_list.html", {"page": page})


@login_required
def order_detail(request: HttpRequest, pk: int) -> HttpResponse:
    # Somebody else's order is "not found": its number is nobody else's business.
    orders = Order.objects.visible_to(request.user).select_related("customer", "seller")
    order = get_object_or_404(orders.with_total(), pk=pk)
    lines = order.lines.select_related("product").order_by("pk")
    return render(request, "shop/order_detail.html", {"order": order, "lines": lines})


def product_catalogue(request: HttpRequest) -> HttpResponse:
    """Everything on offer on one page; all of it but the header comes from the cache."""
    context = {
        "products": catalogue.products(),
        "generation": catalogue.generation(),
        "seconds": catalogue.SECONDS,
    }
    return render(request, "shop/catalogue.html", context)


@require_POST
@login_required
@permission_required("shop.view_order", raise_exception=True)
def start_sales_report(request: HttpRequest, year: int) -> JsonResponse:
    """Have a worker sum up the year, and say at once where to ask how far it is."""
    result = monthly_sales.delay(year)
    if result.ready():  # No broker: it has run here, and nobody keeps the result.
        return JsonResponse(_state(result))
    address = reverse("sales_report", args=[result.id])
    return JsonResponse(_state(result) | {"ask": address}, status=202)


@never_cache
@login_required
@permission_required("shop.view_order", raise_exception=True)
def sales_report(request: HttpRequest, task_id: UUID) -> JsonResponse:
    """How far the report is. A page asks this address again and again."""
    return JsonResponse(_state(monthly_sales.AsyncResult(str(task_id))))


def _state(result: AsyncResult) -> dict[str, Any]:
    """What a page may know of a task. PENDING: it waits, or nobody knows its number."""
    state, info = result.state, result.info
    if state == "PROGRESS" and isinstance(info, dict):  # Between the two looks it may have ended.
        return {"state": state, **info}
    if state == "SUCCESS":
        return {"state": state, "sales": info}
    return {"state": state}  # The text of an error is for the log, not for the page.
