from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from . import services
from .models import OutgoingWebhook, Parcel, Payment, PushSubscription, WebhookEvent


@admin.register(Payment)
class PaymentAdmin(admin.ModelAdmin):
    list_display = ["order", "amount", "status", "reference"]
    list_filter = ["status"]
    list_select_related = ["order"]
    search_fields = ["reference", "order__number"]
    autocomplete_fields = ["order"]


@admin.register(Parcel)
class ParcelAdmin(admin.ModelAdmin):
    list_display = ["number", "order", "status", "instructions"]
    list_filter = ["status"]
    list_select_related = ["order"]
    search_fields = ["number", "order__number"]
    autocomplete_fields = ["order"]


@admin.register(WebhookEvent)
class WebhookEventAdmin(admin.ModelAdmin):
    list_display = ["event_id", "partner", "received_at", "processed_at", "ip"]
    list_filter = ["partner"]
    search_fields = ["event_id"]


@admin.register(OutgoingWebhook)
class OutgoingWebhookAdmin(admin.ModelAdmin):
    list_display = ["event_id", "url", "status", "attempts", "next_try_at", "last_error"]
    list_filter = ["status"]
    actions = ["try_again"]

    @admin.action(description="Try the dead ones again", permissions=["change"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[OutgoingWebhook]) -> None:
        self.message_user(request, f"{services.revive(queryset)} will be tried again.")


@admin.register(PushSubscription)
class PushSubscriptionAdmin(admin.ModelAdmin):
    list_display = ["user", "endpoint"]
    list_select_related = ["user"]
    autocomplete_fields = ["user"]
