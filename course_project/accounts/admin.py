from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from . import services
from .models import LoginRecord, Profile


@admin.register(Profile)
class ProfileAdmin(admin.ModelAdmin):
    list_display = ["user", "phone", "newsletter"]
    list_filter = ["newsletter"]
    list_select_related = ["user"]
    search_fields = ["user__username"]
    autocomplete_fields = ["user"]


@admin.register(LoginRecord)
class LoginRecordAdmin(admin.ModelAdmin):
    """To be looked at, not to be changed; but a name that is locked out can be let in again."""

    list_display = ["username", "at", "ip", "device", "successful", "forgiven"]
    list_filter = ["successful", "forgiven"]
    search_fields = ["username", "ip"]
    actions = ["let_in_again"]

    @admin.action(description="Let these names in again", permissions=["unlock"])
    def let_in_again(self, request: HttpRequest, queryset: QuerySet[LoginRecord]) -> None:
        names = set(queryset.order_by().values_list("username", flat=True))
        for name in names:
            services.unlock(name)
        self.message_user(request, f"Unlocked: {', '.join(sorted(names))}.")

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_loginrecord")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: LoginRecord | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LoginRecord | None = None) -> bool:
        return False
