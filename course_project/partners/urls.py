from django.urls import path

from . import views

urlpatterns = [
    path("webhooks/", views.webhook, name="webhook"),
    path("session/", views.session, name="partner_session"),
    path("parcels/<str:number>/", views.parcel, name="parcel"),
    path("parcels/<str:number>/instructions/", views.instructions, name="parcel_instructions"),
    path("parcels/<str:number>/live/", views.live, name="parcel_live"),
    path("parcels/<str:number>/events/", views.events, name="parcel_events"),
    path("push/subscriptions/", views.subscriptions, name="push_subscriptions"),
]
