"""
URL configuration for the course project.

For more information please see:
    https://docs.djangoproject.com/en/6.1/topics/http/urls/
"""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("company.urls")),
    path("", include("shop.urls")),
    path("", include("ordering.urls")),
    path("accounts/", include("accounts.urls")),
    path("backups/", include("backups.urls")),
    path("notifications/", include("notifications.urls")),
    path("partners/", include("partners.urls")),
    path("subscriptions/", include("subscriptions.urls")),
    path("admin/", admin.site.urls),
]

if "debug_toolbar" in settings.INSTALLED_APPS:
    from debug_toolbar.toolbar import debug_toolbar_urls

    urlpatterns += debug_toolbar_urls()
