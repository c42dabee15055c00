"""The steps of orders, done by a worker. The rows are the truth, a message is only a reminder."""

from celery import shared_task

from . import services
from .models import Step


@shared_task
def do_step(step_id: int) -> bool:
    return services.do(step_id)


@shared_task
def do_due_steps() -> int:
    """Every five minutes: send what is due, for the first time or because a try failed."""
    due = list(Step.objects.due().order_by("due_at", "pk").values_list("pk", flat=True))
    for pk in due:
        do_step.delay(pk)
    return len(due)
