from django.urls import path

from . import views

urlpatterns = [
    path("products/", views.product_list, name="product_list"),
    path("products/catalogue/", views.product_catalogue, name="product_catalogue"),
    path("products/price-list/", views.price_list, name="price_list"),
    path("products/<int:pk>/", views.product_detail, name="product_detail"),
    path("categories/<int:pk>/", views.product_list, name="category_detail"),
    path("orders/", views.order_list, name="order_list"),
    path("orders/<int:pk>/", views.order_detail, name="order_detail"),
    path("reports/sales/<int:year>/", views.start_sales_report, name="start_sales_report"),
    path("reports/<uuid:task_id>/", views.sales_report, name="sales_report"),
]
