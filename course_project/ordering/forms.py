from django import forms

from . import offer


class OrderForm(forms.Form):
    product = forms.TypedChoiceField(choices=offer.choices, coerce=int)
    quantity = forms.IntegerField(min_value=1, max_value=1000, initial=1)
