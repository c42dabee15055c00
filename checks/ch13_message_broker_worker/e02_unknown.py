"""13.2 Names that nobody knows: names that the worker would refuse."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator, no-untyped-call"
from __future__ import annotations

from celery import current_app

from tutor.judge.exercise import Exercise, Run


def a_new_task() -> None:
    """the app has one more task, shop.tasks.count_parcels"""
    current_app.task(name="shop.tasks.count_parcels")(a_new_task)


unknown = Exercise(
    "13.2",
    "Names that nobody knows",
    minutes=4,
    ordered=True,
    changes=[a_new_task],
    hints=[
        "The worker looks each name up in the registry of the app. You can do the same.",
        "app.tasks is a dictionary: name -> task.",
        "Keep a name if it is not in app.tasks.",
    ],
)


@unknown.cases
def cases() -> object:
    return [
        (["shop.tasks.write_invoice", "shop.tasks.write_invioce", "company.tasks.count_primes"],),
        (["shop.services.write_invoice", "company.tasks.sleep", "celery.backend_cleanup"],),
        (["write_invoice", "tasks.write_invoice", "shop.tasks.monthly_sales", "shop.tasks"],),
        (["partners.tasks.deliver_due", "shop.tasks.count_parcels"],),
    ]


@unknown.expects
def expected(names: list[str]) -> object:
    return [name for name in names if name not in current_app.tasks]


@unknown.mistake(
    "There is such a function, but it is no task: the app has no task of this name, and a worker "
    "refuses it. Look into app.tasks."
)
def functions(run: Run) -> bool:
    return bool({"shop.services.write_invoice", "company.tasks.sleep"} & set(run.missing))


@unknown.mistake(
    "A task of this name is in the app's registry, even if no function of the project is called "
    "so. Look into app.tasks."
)
def celerys_own(run: Run) -> bool:
    return run.unexpected == ["celery.backend_cleanup"]


@unknown.mistake("The whole name counts: module and function. A part of it is the name of no task.")
def parts(run: Run) -> bool:
    return bool({"write_invoice", "tasks.write_invoice", "shop.tasks"} & set(run.missing))


@unknown.mistake("Those are the names that are known. Asked are the others.")
def the_known(run: Run) -> bool:
    return bool(run.rows) and all(name in current_app.tasks for name in run.rows)


@unknown.right
def by_get(names: list[str]) -> object:
    return [name for name in names if current_app.tasks.get(name) is None]


@unknown.right
def with_sets(names: list[str]) -> object:
    known = {task.name for task in current_app.tasks.values()}
    return filter(lambda name: name not in known, names)


@unknown.wrong(the_known)
def turned_round(names: list[str]) -> object:
    return [name for name in names if name in current_app.tasks]


@unknown.wrong(functions)
def imported(names: list[str]) -> object:
    from django.utils.module_loading import import_string

    found = []
    for name in names:
        try:
            import_string(name)
        except ImportError:
            found.append(name)
    return found


@unknown.wrong(celerys_own)
def of_the_project(names: list[str]) -> object:
    known = [name for name in current_app.tasks if not name.startswith("celery.")]
    return [name for name in names if name not in known]


@unknown.wrong(parts)
def text_in_text(names: list[str]) -> object:
    return [name for name in names if name not in " ".join(current_app.tasks)]
