"""15.10 Again, and then the alarm."""

# mypy: disable-error-code="attr-defined, misc, untyped-decorator"
from __future__ import annotations

from typing import Any

from backups.store import StoreDown, StoreRefused
from celery import Celery, Task

from tutor.judge.exercise import Exercise, Run


class Upload:
    """A store that says what it is told to, and counts."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.failures = len(errors)
        self.refuses = any(isinstance(error, StoreRefused) for error in errors)
        self.state = ""
        self.asked: list[str] = []
        self.stored: list[str] = []

    def put(self, name: str) -> None:
        self.asked.append(name)
        if self.errors:
            raise self.errors.pop(0)
        self.stored.append(name)

    def __repr__(self) -> str:
        return f"<a store that {'refuses' if self.refuses else f'fails {self.failures} times'}>"


class Alarm:
    def __init__(self) -> None:
        self.texts: list[object] = []

    def __call__(self, text: object) -> None:
        self.texts.append(text)

    def __repr__(self) -> str:
        return "<alarm()>"


def fresh_app() -> Celery:
    app = Celery("exercise", set_as_current=False)
    app.conf.task_always_eager = True
    return app


def downs(number: int) -> list[Exception]:
    return [StoreDown("The store answered 503.") for _ in range(number)]


upload_task = Exercise(
    "15.10",
    "Again, and then the alarm",
    minutes=9,
    hints=[
        "Two kinds of failure: one may pass, one stays. Which of them is worth another attempt?",
        (
            "bind=True gives the task itself: self.retry(), self.request.retries, self.max_retries. Or "
            "autoretry_for=(StoreDown,) does the retrying."
        ),
        (
            "The alarm belongs where Celery gives up: a class of task with on_failure(), given as "
            "base=. Or before the last retry(), and before each error that is not tried again."
        ),
    ],
)


@upload_task.cases
def cases() -> object:
    stores = [Upload(), Upload(*downs(2)), Upload(*downs(3)), Upload(*downs(9))]
    stores.append(Upload(StoreRefused("The store answered 401.")))
    return [(fresh_app(), store, Alarm()) for store in stores]


NAME = "2026-03-02.sqlite3.gz"


@upload_task.check
def check(run: Run) -> str | None:
    _, store, alarm = run.arguments
    task = run.value
    if not isinstance(task, Task):
        return f"Asked is the task itself; your function returned {type(task).__name__}."
    if store.asked:
        return "The task has run already. Return it, and do not call it."
    result = task.apply([NAME])
    store.state = result.state
    if not store.asked:
        return f"The task did not ask the store: {result.result!r}."
    if set(store.asked) != {NAME}:
        return f"The store was asked for {store.asked[0]!r}; the name was {NAME!r}."
    wanted = 1 if store.refuses else min(store.failures + 1, 4)
    if len(store.asked) != wanted:
        why = "refused it" if store.refuses else f"failed {store.failures} times"
        return f"The store {why}, and was asked {len(store.asked)} times; asked is {wanted}."
    good = bool(store.stored)
    if good and result.state != "SUCCESS":
        return f"The copy is in the store, and the task's state is {result.state}."
    if not good and result.state != "FAILURE":
        return (
            f"The copy is not in the store, and the task's state is {result.state}: whoever looks "
            "at it believes that all is well."
        )
    if len(alarm.texts) != (not good):
        happened = "was stored" if good else "was given up"
        return f"The copy {happened}, and alarm() was called {len(alarm.texts)} times."
    return None


def store_of(run: Run) -> Upload:
    return run.arguments[1]


@upload_task.mistake(
    "A wrong password is wrong the next time, too. Try again on StoreDown, not on StoreRefused."
)
def refused_again(run: Run) -> bool:
    return store_of(run).refuses and len(store_of(run).asked) > 1


@upload_task.mistake(
    "retry() works by raising Retry. A broad except around it swallows that: the store was asked "
    "once, and the task is a success."
)
def swallowed_retry(run: Run) -> bool:
    store = store_of(run)
    return len(store.asked) == 1 and store.state == "SUCCESS" and not store.stored


@upload_task.mistake("The alarm is for the end. It was raised, and then there was another attempt.")
def at_each_attempt(run: Run) -> bool:
    store, alarm = run.arguments[1:]
    return len(alarm.texts) > 1 or bool(store.stored and alarm.texts)


@upload_task.mistake("Nobody was told that the copy is not in the store.")
def no_alarm(run: Run) -> bool:
    store, alarm = run.arguments[1:]
    return bool(store.asked) and not store.stored and not alarm.texts


@upload_task.mistake(
    "max_retries counts the attempts after the first one: 3 of them make 4 in all."
)
def counted_wrongly(run: Run) -> bool:
    return store_of(run).failures >= 3 and len(store_of(run).asked) in (3, 5)


@upload_task.right
def by_hand(app: Any, store: Any, alarm: Any) -> object:
    @app.task(bind=True, max_retries=3)
    def upload(self: Any, name: str) -> None:
        try:
            store.put(name)
        except StoreRefused as error:
            alarm(str(error))
            raise
        except StoreDown as error:
            if self.request.retries == self.max_retries:
                alarm(str(error))
            raise self.retry(exc=error, countdown=60 * 2**self.request.retries) from error

    return upload


@upload_task.right
def when_there_are_no_more(app: Any, store: Any, alarm: Any) -> object:
    @app.task(bind=True, max_retries=3, default_retry_delay=1)
    def upload(self: Any, name: str) -> None:
        try:
            store.put(name)
        except StoreDown as error:
            try:
                self.retry()
            except self.MaxRetriesExceededError:
                alarm(error)
                raise
        except Exception as error:
            alarm(error)
            raise

    return upload


def plain(app: Any, store: Any, alarm: Any = None, **options: Any) -> Any:
    """A task that only uploads; all else is left to Celery."""

    class Loud(Task):
        def on_failure(self, exc: Any, *args: Any) -> None:
            if alarm:
                alarm(exc)

    @app.task(base=Loud, **options)
    def upload(name: str) -> None:
        store.put(name)

    return upload


@upload_task.right
def left_to_celery(app: Any, store: Any, alarm: Any) -> object:
    return plain(app, store, alarm, autoretry_for=(StoreDown,), retry_kwargs={"max_retries": 3})


@upload_task.wrong(refused_again)
def whatever_it_is(app: Any, store: Any, alarm: Any) -> object:
    return plain(app, store, alarm, autoretry_for=(Exception,), max_retries=3)


@upload_task.wrong(swallowed_retry)
def broad_except(app: Any, store: Any, alarm: Any) -> object:
    @app.task(bind=True, max_retries=3)
    def upload(self: Any, name: str) -> None:
        try:
            try:
                store.put(name)
            except StoreDown as error:
                self.retry(exc=error)
        except Exception:  # noqa: BLE001 It is the mistake.
            print("later, perhaps")

    return upload


@upload_task.wrong(at_each_attempt)
def loud_each_time(app: Any, store: Any, alarm: Any) -> object:
    @app.task(bind=True, max_retries=3)
    def upload(self: Any, name: str) -> None:
        try:
            store.put(name)
        except StoreDown as error:
            alarm(error)
            raise self.retry(exc=error) from error

    return upload


@upload_task.wrong(no_alarm)
def silent(app: Any, store: Any, alarm: Any) -> object:
    return plain(app, store, autoretry_for=(StoreDown,), max_retries=3)


@upload_task.wrong(counted_wrongly)
def three_attempts(app: Any, store: Any, alarm: Any) -> object:
    return plain(app, store, alarm, autoretry_for=(StoreDown,), max_retries=2)


@upload_task.wrong("The store failed 2 times, and was asked 1 times; asked is 3")
def never_again(app: Any, store: Any, alarm: Any) -> object:
    return plain(app, store, alarm)


@upload_task.wrong("believes that all is well")
def no_failure(app: Any, store: Any, alarm: Any) -> object:
    @app.task(bind=True, max_retries=3)
    def upload(self: Any, name: str) -> None:
        try:
            store.put(name)
        except StoreDown as error:
            if self.request.retries < self.max_retries:
                raise self.retry(exc=error) from error
            alarm(error)
        except StoreRefused as error:
            alarm(error)

    return upload


@upload_task.wrong("Asked is the task itself")
def a_result(app: Any, store: Any, alarm: Any) -> object:
    return plain(app, store, alarm).delay(NAME)
