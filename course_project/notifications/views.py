from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from .models import Notice


@login_required
def notice_list(request: HttpRequest) -> HttpResponse:
    page = Paginator(Notice.objects.of(request.user), 20).get_page(request.GET.get("page"))
    return render(request, "notifications/notice_list.html", {"page": page})


@require_POST
@login_required
def mark_read(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Mark one notice as read, or all of them."""
    notices = Notice.objects.of(request.user)
    if pk is not None:
        # Somebody else's notice is "not found".
        notices = notices.filter(pk=get_object_or_404(notices, pk=pk).pk)
    number = notices.mark_read()
    messages.success(request, f"{number} notice{'' if number == 1 else 's'} marked as read.")
    return redirect("notice_list")
