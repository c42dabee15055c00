from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Avg, Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render

from . import catalogue, services
from .models import Category, Order, Product


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
