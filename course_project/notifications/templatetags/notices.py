"""{% load notices %}: notices in templates."""

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from ..models import Notice

register = template.Library()


@register.filter
def linked(notice: Notice) -> SafeString:
    """The notice's text, as a link to the page that it is about."""
    if notice.url:
        return format_html('<a href="{}">{}</a>', notice.url, notice.text)
    return conditional_escape(notice.text)
