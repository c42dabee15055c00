from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from . import services


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """200 or 503, for a monitor on another machine: who looks after beat, if not somebody outside?"""
    fresh = services.is_fresh()
    return JsonResponse({"fresh": fresh}, status=200 if fresh else 503)
