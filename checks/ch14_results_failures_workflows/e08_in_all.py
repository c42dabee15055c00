"""14.8 The sum, and nobody waits: workflows that nobody waits for."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from decimal import Decimal

from celery import chain, chord, group, shared_task
from shop.models import Invoice, Order
from shop.tasks import write_invoice

from checks.ch14_results_failures_workflows import end, not_a_plan, workflow
from tutor.judge.exercise import Exercise, Run

in_all = Exercise(
    "14.8",
    "The sum, and nobody waits",
    minutes=6,
    layers=("http",),
    hints=[
        "Which of the three words is it: a group, and then one task with the list of results?",
        "chord(the tasks)(body) starts it. chord(the tasks, body) is the plan.",
        "chord([write_invoice.s(pk) for pk in order_ids], total.s()), or group(...) | total.s()",
    ],
)


@shared_task(name="checks.total")
def total(amounts: list[str]) -> str:
    return str(sum(map(Decimal, amounts), Decimal("0.00")))


@in_all.cases
def cases() -> object:
    orders = Order.objects.filter(lines__gt=0, invoice=None).order_by("pk").distinct()
    keys = list(orders.values_list("pk", flat=True)[:5])
    return [(keys[:length],) for length in (3, 5, 2)]


@in_all.check
def check(run: Run) -> str | None:
    (order_ids,) = run.arguments
    if problem := not_a_plan(run.value):
        return problem
    there = Invoice.objects.filter(order__in=order_ids)
    if there.exists():
        return "An invoice is written already. Asked is the plan, which is started later."
    plan = workflow(run.value)
    assert plan is not None
    value = run.end = end(plan)
    if isinstance(value, Exception):
        return f"The workflow ended with {type(value).__name__}: {str(value).splitlines()[0]}"
    if there.count() != len(order_ids):
        return f"There are {there.count()} invoices; asked are {len(order_ids)}."
    wanted = str(sum((invoice.total for invoice in there.all()), Decimal("0.00")))
    return None if value == wanted else f"Asked is the sum {wanted!r}; the end is {value!r}."


@in_all.mistake(
    "A task waited for another one: get() inside a task. Celery refuses. With a chord nobody waits: "
    "the last one of the group sends the sum."
)
def waits_inside(run: Run) -> bool:
    return isinstance(run.end, RuntimeError) and "get()" in str(run.end)


@in_all.mistake("The invoices are written, but nobody adds them up. total is the body of a chord.")
def not_summed(run: Run) -> bool:
    return isinstance(run.end, list)


@in_all.mistake("In a chain each task gets one result, that of the one before. Asked are all.")
def only_the_last(run: Run) -> bool:
    return run.value["subtask_type"] == "chain" and isinstance(run.end, Exception)


@in_all.mistake(
    "total got no list: .si() takes nothing from the tasks before. .s() takes their results."
)
def without_results(run: Run) -> bool:
    return isinstance(run.end, TypeError) and "amounts" in str(run.end)


@in_all.right
def group_and_bar(order_ids: list[int]) -> object:
    return group(write_invoice.si(pk) for pk in order_ids) | total.s()


@in_all.right
def with_map(order_ids: list[int]) -> object:
    """One task writes them all: fewer messages, and nothing at the same time."""
    return chain(write_invoice.map(order_ids), total.s())


@in_all.right
def chain_with_a_group(order_ids: list[int]) -> object:
    return chain(group([write_invoice.s(pk) for pk in order_ids]), total.signature())


@shared_task(name="checks.waits")
def waits_for_all(order_ids: list[int]) -> str:
    return total([write_invoice.delay(pk).get() for pk in order_ids])


@in_all.wrong(waits_inside)
def a_task_that_waits(order_ids: list[int]) -> object:
    return waits_for_all.s(order_ids)


@in_all.wrong(not_summed)
def only_a_group(order_ids: list[int]) -> object:
    return group(write_invoice.s(pk) for pk in order_ids)


@in_all.wrong(without_results)
def nothing_taken(order_ids: list[int]) -> object:
    return chord([write_invoice.s(pk) for pk in order_ids], total.si())


@in_all.wrong(only_the_last)
def one_after_another(order_ids: list[int]) -> object:
    return chain([*(write_invoice.si(pk) for pk in order_ids), total.s()])


@in_all.wrong("You have started it")
def chord_called(order_ids: list[int]) -> object:
    return chord(write_invoice.s(pk) for pk in order_ids)(total.s())


@in_all.wrong("Asked is a signature")
def the_sum_itself(order_ids: list[int]) -> object:
    return "100.00"
