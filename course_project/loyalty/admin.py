from django.contrib import admin

from .models import PointEntry


@admin.register(PointEntry)
class PointEntryAdmin(admin.ModelAdmin):
    list_display = ["customer", "order", "reason", "points", "at"]
    list_filter = ["reason"]
    list_select_related = ["customer", "order"]
    search_fields = ["customer__name", "order__number"]
    autocomplete_fields = ["customer", "order"]
