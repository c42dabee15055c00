"""13.8 Who goes where? Routes of tasks to queues."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator, no-untyped-call"
from __future__ import annotations

from typing import Any

from celery import current_app
from celery.app.routes import Router, prepare

from tutor.judge.exercise import Exercise, Run

routes = Exercise(
    "13.8",
    "Who goes where?",
    minutes=5,
    hints=[
        "The lesson has such a dictionary: from a name, or a pattern with a star, to a queue.",
        '"partners.tasks.*" stands for every task of that module.',
        'Three entries. The value of each is {"queue": "..."}.',
    ],
)


WANTED = {
    "partners.tasks.send_payment": "partners",
    "partners.tasks.deliver_due": "partners",
    "shop.tasks.send_confirmation": "mail",
    "subscriptions.tasks.send_reminders": "mail",
    "subscriptions.tasks.of_next_year": "mail",
    "shop.tasks.write_invoice": "celery",
    "company.tasks.count_primes": "celery",
    "partners.services.send_payment": "celery",
    "subscriptions.services.send_reminders": "celery",
    "celery.backend_cleanup": "celery",
}


def queue_of(value: Any, name: str) -> str:
    """Where Celery sends a task of this name with these CELERY_TASK_ROUTES."""
    app = current_app._get_current_object()
    router = Router(prepare(value), app.amqp.queues, create_missing=True, app=app)
    return str(router.route({}, name, (), {})["queue"].name)


@routes.check
def check(run: Run) -> str | None:
    if run.value is None or isinstance(run.value, str):
        return "Asked is a dictionary, as CELERY_TASK_ROUTES in the settings."
    for name, wanted in WANTED.items():
        try:
            found = queue_of(run.value, name)
        except Exception as error:  # noqa: BLE001 Whatever a router may be made of.
            return f"Celery cannot use these routes: {type(error).__name__}: {error}"
        if found != wanted:
            return f'{name} goes to the queue "{found}". Asked is "{wanted}".'
    return None


@routes.mistake(
    "You have turned it round: the name of the task is the key, the queue is in the value."
)
def turned(run: Run) -> bool:
    return bool({"mail", "partners"} & set(run.value))


@routes.mistake(
    "The tasks of next year have no route: name the module with a star, subscriptions.tasks.*"
)
def only_todays(run: Run) -> bool:
    return (
        queue_of(run.value, "subscriptions.tasks.send_reminders") == "mail"
        and queue_of(run.value, "subscriptions.tasks.of_next_year") == "celery"
    )


@routes.mistake("A module alone is the name of no task. Its tasks are module.*, with a star.")
def without_star(run: Run) -> bool:
    return "partners.tasks" in run.value or "subscriptions.tasks" in run.value


@routes.mistake("A star at this place takes too much: other tasks of the shop have no route.")
def too_much(run: Run) -> bool:
    return queue_of(run.value, "shop.tasks.write_invoice") != "celery"


@routes.mistake(
    "partners.* takes every task whose name begins so. Asked is one module: partners.tasks.*"
)
def every_module(run: Run) -> bool:
    return queue_of(run.value, "partners.services.send_payment") != "celery"


def with_routes(**changed: Any) -> dict[str, Any]:
    mail, partners = {"queue": "mail"}, {"queue": "partners"}
    value: dict[str, Any] = {
        "partners.tasks.*": partners,
        "shop.tasks.send_confirmation": mail,
        "subscriptions.tasks.*": mail,
    }
    for name, queue in changed.items():
        pattern = next(key for key in value if key.startswith(name))
        del value[pattern]
        value |= queue
    return value


@routes.right
def as_texts() -> object:
    return {
        "partners.tasks*": "partners",
        "shop.tasks.send_confirmation": "mail",
        "subscriptions.tasks*": "mail",
    }


@routes.right
def as_pairs() -> object:
    return ([*with_routes().items()],)


@routes.right
def as_a_function() -> object:
    def route(
        name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **more: Any
    ) -> Any:
        if name.startswith("partners.tasks."):
            return {"queue": "partners"}
        if name.startswith("subscriptions.tasks.") or name == "shop.tasks.send_confirmation":
            return "mail"
        return None

    return (route,)


@routes.wrong(turned)
def queues_first() -> object:
    return {"partners": "partners.tasks.*", "mail": "subscriptions.tasks.*"}


@routes.wrong(only_todays)
def each_by_name() -> object:
    names = ("send_reminders", "send_birthday_wishes")
    return with_routes(
        subscriptions={f"subscriptions.tasks.{name}": {"queue": "mail"} for name in names}
    )


@routes.wrong(without_star)
def modules() -> object:
    return with_routes(partners={"partners.tasks": {"queue": "partners"}})


@routes.wrong(too_much)
def the_whole_shop() -> object:
    return with_routes(shop={"shop.tasks.*": {"queue": "mail"}})


@routes.wrong(every_module)
def all_of_the_partners() -> object:
    return with_routes(partners={"partners.*": {"queue": "partners"}})


@routes.wrong('shop.tasks.send_confirmation goes to the queue "celery"')
def forgotten() -> object:
    return with_routes(shop={})


@routes.wrong('subscriptions.services.send_reminders goes to the queue "mail"')
def the_whole_app() -> object:
    return with_routes(subscriptions={"subscriptions.*": {"queue": "mail"}})
