"""14.10 A task of Django's own: django.tasks."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.tasks import TaskResult
from django.tasks import task as django_task
from shop.models import Customer

from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


@django_task
def _thank(customer_id: int, day: str, amount: str) -> str:
    return f"{Customer.objects.get(pk=customer_id).email}: {amount} on {day}"


# Some of the answers below use it as what it is not.
thank: Any = _thank


enqueued = Exercise(
    "14.10",
    "A task of Django's own",
    minutes=5,
    hints=[
        "What may be an argument of such a task? And what says which customer it is?",
        "enqueue() is the word. A date has isoformat(), a Decimal has str().",
        "enqueue() takes three values here: the pk, the isoformat() of the day, the str() of the amount.",
    ],
)


@enqueued.cases
def cases() -> object:
    first, last = Customer.objects.earliest("pk"), Customer.objects.latest("pk")
    return [
        (first, date(2026, 3, 2), Decimal("12.50")),
        (last, date(2026, 12, 24), Decimal("0.10")),
        (last, date(2024, 2, 29), Decimal("1234567890.10")),
    ]


@enqueued.check
def check(run: Run) -> str | None:
    customer, day, amount = run.arguments
    result = run.value
    if not isinstance(result, TaskResult):
        return f"Asked is the TaskResult; your function returned {type(result).__name__}."
    if result.task.name.strip("_") != "thank":
        return f"Another task was sent: {result.task.name}."
    wanted = {"customer_id": customer.pk, "day": day.isoformat(), "amount": str(amount)}
    found = dict(zip(wanted, result.args, strict=False)) | result.kwargs
    if found != wanted:
        name = next(name for name in wanted if found.get(name) != wanted[name])
        return f"Asked is {name} = {wanted[name]!r}; the task got {found.get(name)!r}."
    return None if result.status == "SUCCESSFUL" else f"The task's status is {result.status}."


@enqueued.mistake(
    "django.tasks takes JSON and nothing else: texts, numbers, True, None, lists, dictionaries. Send "
    "the customer's key, and the date and the Decimal as texts."
)
def not_json(run: Run) -> bool:
    return failed(run, "TypeError", "Unsupported type")


@enqueued.mistake(
    "A float does not keep the money: 12.50 becomes 12.5, and large amounts lose cents. Send it as "
    "a text, str(amount)."
)
def as_a_float(run: Run) -> bool:
    return float in {type(value) for value in [*run.value.args, *run.value.kwargs.values()]}


@enqueued.mistake("delay() is Celery's word. A task of Django has enqueue().")
def of_celery(run: Run) -> bool:
    return failed(run, "AttributeError", "delay")


@enqueued.mistake("The task itself cannot be called. It has enqueue().")
def called_directly(run: Run) -> bool:
    return failed(run, "TypeError", "not callable")


@enqueued.mistake(
    "That is what the task returned. Asked is the TaskResult, which enqueue() returns."
)
def the_value(run: Run) -> bool:
    return isinstance(run.value, str)


@enqueued.mistake("The key alone says who it is: customer.pk. A name or an address may change.")
def no_key(run: Run) -> bool:
    return failed(run, "ValueError") or isinstance(run.value.args[0], str)


@enqueued.right
def by_name(customer: Any, day: Any, amount: Any) -> object:
    return thank.enqueue(customer_id=customer.id, day=str(day), amount=f"{amount}")


@enqueued.right
def with_priority(customer: Any, day: Any, amount: Any) -> object:
    day = day.strftime("%Y-%m-%d")
    return thank.using(priority=10).enqueue(customer.pk, day=day, amount=str(amount))


@enqueued.wrong(not_json)
def as_they_are(customer: Any, day: Any, amount: Any) -> object:
    return thank.enqueue(customer.pk, day, amount)


@enqueued.wrong(not_json)
def the_object(customer: Any, day: Any, amount: Any) -> object:
    return thank.enqueue(customer, str(day), str(amount))


@enqueued.wrong(as_a_float)
def money_as_a_float(customer: Any, day: Any, amount: Any) -> object:
    return thank.enqueue(customer.pk, str(day), float(amount))


@enqueued.wrong(of_celery)
def delayed_as_celery(customer: Any, day: Any, amount: Any) -> object:
    return thank.delay(customer.pk, str(day), str(amount))


@enqueued.wrong(called_directly)
def as_a_function(customer: Any, day: Any, amount: Any) -> object:
    return thank(customer.pk, str(day), str(amount))


@enqueued.wrong(the_value)
def return_value(customer: Any, day: Any, amount: Any) -> object:
    return thank.enqueue(customer.pk, str(day), str(amount)).return_value


@enqueued.wrong(no_key)
def name_of_the_customer(customer: Any, day: Any, amount: Any) -> object:
    return thank.enqueue(customer.name, str(day), str(amount))
