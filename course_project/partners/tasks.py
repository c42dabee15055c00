"""What must not keep a visitor waiting. Each task calls a service that may be called twice."""

from celery import shared_task

from . import calls, services
from .models import OutgoingWebhook, Payment

# After 1, 2, 4, ... seconds, 10 minutes at most, each a little different by chance.
_again = {
    "autoretry_for": (calls.TryAgain, services.NotKnownYet),
    "retry_backoff": True,
    "retry_jitter": True,
    "max_retries": 5,
}


@shared_task(**_again)
def send_payment(payment_id: int) -> str:
    return services.send_payment(Payment.objects.select_related("order").get(pk=payment_id))


@shared_task(**_again)
def process_event(event_id: int) -> bool:
    return services.process(event_id)


@shared_task
def deliver_webhook(webhook_id: int) -> str:
    return services.deliver(webhook_id)


@shared_task
def deliver_due() -> int:
    """Each minute: try what is due. A webhook whose task was lost is found here as well."""
    due = list(OutgoingWebhook.objects.due().values_list("pk", flat=True))
    for pk in due:
        deliver_webhook.delay(pk)
    return len(due)
