from django.contrib import admin

from .models import BirthdayWish, Membership, Reminder


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ["customer", "time_zone", "starts_on", "ends_on"]
    list_select_related = ["customer"]
    search_fields = ["customer__name", "customer__email"]
    autocomplete_fields = ["customer"]


@admin.register(Reminder)
class ReminderAdmin(admin.ModelAdmin):
    list_display = ["membership", "ends_on", "sent_at"]
    list_select_related = ["membership"]
    raw_id_fields = ["membership"]


@admin.register(BirthdayWish)
class BirthdayWishAdmin(admin.ModelAdmin):
    list_display = ["membership", "year", "sent_at"]
    list_select_related = ["membership"]
    raw_id_fields = ["membership"]
