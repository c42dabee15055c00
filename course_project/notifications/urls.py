from django.urls import path

from . import views

urlpatterns = [
    path("", views.notice_list, name="notice_list"),
    path("read/", views.mark_read, name="notice_read_all"),
    path("<int:pk>/read/", views.mark_read, name="notice_read"),
]
