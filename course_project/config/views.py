from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from company.models import Department, Employee
from shop.models import Order, Product


def home(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "home.html",
        {
            "departments": Department.objects.count(),
            "employees": Employee.objects.active().count(),
            "products": Product.objects.active().count(),
            "open_orders": Order.objects.open().count(),
        },
    )
