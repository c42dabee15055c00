from django.contrib import admin

from .models import Step


@admin.register(Step)
class StepAdmin(admin.ModelAdmin):
    list_display = ["order", "kind", "due_at", "attempts", "done_at"]
    list_filter = ["kind"]
    list_select_related = ["order"]
    search_fields = ["order__number"]
    autocomplete_fields = ["order"]
