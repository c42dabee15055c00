from django.contrib import admin

from .models import Backup


@admin.register(Backup)
class BackupAdmin(admin.ModelAdmin):
    list_display = ["day", "status", "started_at", "verified_at", "problem"]
    list_filter = ["status"]
    date_hierarchy = "day"
