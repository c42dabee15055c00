from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from shop.checkout import CannotOrder
from shop.models import Customer, Product

from .checkout import order_on_site
from .forms import OrderForm


@login_required
def order_new(request: HttpRequest) -> HttpResponse:
    """GET: the form. POST: order one product."""
    customer = get_object_or_404(Customer, user=request.user.pk)
    form = OrderForm(request.POST or None)
    if form.is_valid():
        product = get_object_or_404(Product, pk=form.cleaned_data["product"])
        try:
            order = order_on_site(customer, [(product, form.cleaned_data["quantity"])])
        except CannotOrder as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Thank you for your order {order.number}.")
            return redirect("order_detail", order.pk)
    return render(request, "ordering/order_form.html", {"form": form})
