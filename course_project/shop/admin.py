from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from .models import Category, Customer, Invoice, Order, OrderLine, PriceChange, Product, Review


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    list_display = ["name", "email", "city", "country", "user"]
    list_filter = ["country"]
    list_select_related = ["user"]
    search_fields = ["name", "email"]
    autocomplete_fields = ["user"]


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ["name", "parent"]
    list_select_related = ["parent"]
    search_fields = ["name"]


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ["name", "sku", "category", "price", "stock", "is_active"]
    list_filter = ["is_active", "category"]
    list_select_related = ["category"]
    search_fields = ["name", "sku"]


class OrderLineInline(admin.TabularInline):
    # To be looked at: a choice of products in each row would cost a query for each row.
    model = OrderLine
    fields = ["product", "quantity", "unit_price"]
    readonly_fields = ["product", "quantity", "unit_price"]
    can_delete = False
    max_num = 0
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        return super().get_queryset(request).select_related("product")


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ["number", "customer", "seller", "status", "placed_at"]
    list_filter = ["status"]
    list_select_related = ["customer", "seller"]
    search_fields = ["number", "customer__name"]
    autocomplete_fields = ["customer", "seller"]
    inlines = [OrderLineInline]


@admin.register(OrderLine)
class OrderLineAdmin(admin.ModelAdmin):
    list_display = ["order", "product", "quantity", "unit_price"]
    list_select_related = ["order", "product"]
    search_fields = ["order__number", "product__name"]
    autocomplete_fields = ["order", "product"]


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):
    list_display = ["product", "customer", "rating", "written_on"]
    list_filter = ["rating"]
    list_select_related = ["product", "customer"]
    search_fields = ["product__name", "customer__name", "text"]
    autocomplete_fields = ["product", "customer"]


class ReadOnlyAdmin(admin.ModelAdmin):
    """What the shop writes by itself."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ["order", "total", "written_at"]
    list_select_related = ["order"]
    search_fields = ["order__number"]


@admin.register(PriceChange)
class PriceChangeAdmin(ReadOnlyAdmin):
    list_display = ["product", "old_price", "new_price", "at"]
    list_select_related = ["product"]
    search_fields = ["product__name"]
