"""What belongs to somebody else is left alone, and a fault of the check is not the learner's."""

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NoReturn

import pytest
from celery import Celery
from celery.exceptions import NotRegistered
from celery.local import Proxy
from company.models import Employee
from django.conf import settings
from django.core.signals import setting_changed
from django.db.models.signals import post_save
from django.dispatch import Signal

from tutor.judge import sandbox
from tutor.judge.judging import CheckFailed, judge


def bite(*args: object) -> NoReturn:
    raise LookupError("Somebody asked.")


class Biting:
    """Any question ends in an exception."""

    __class__ = property(bite)  # type: ignore[assignment]
    __eq__ = bite  # type: ignore[assignment]
    __bool__ = bite
    __getattr__ = bite
    __hash__ = None  # type: ignore[assignment]


class BitingModule(ModuleType):
    @property
    def __dict__(self) -> Any:
        bite()


def forgotten_task() -> Any:
    """What @shared_task gives, of a task that its app knows no more: it cannot name its class."""
    app = Celery("forgotten", set_as_current=False)
    return Proxy(lambda: app.tasks["forgotten.task"])


@pytest.fixture
def strangers() -> Iterator[ModuleType]:
    """A module full of values that nobody may ask."""
    module = ModuleType("strangers")
    vars(module).update(biting=Biting(), task=forgotten_task(), bell=Signal())
    sys.modules["strangers"] = module
    sys.modules["strangers.biting"] = BitingModule("strangers.biting")
    yield module
    for name in ("strangers", "strangers.biting"):
        del sys.modules[name]
        sandbox.receivers.scanned.pop(name, None)


def test_they_do_bite(strangers: ModuleType) -> None:
    with pytest.raises(LookupError):
        isinstance(strangers.biting, Signal)
    with pytest.raises(NotRegistered):
        isinstance(strangers.task, Signal)
    with pytest.raises(LookupError):
        vars(sys.modules["strangers.biting"])


def test_values_of_strangers_are_not_asked(strangers: ModuleType, make: Any) -> None:
    assert judge(make(), Employee.objects.count).word == "correct"
    assert strangers.bell in list(sandbox.receivers.signals())


def test_receivers_of_strangers_are_put_back(strangers: ModuleType, make: Any) -> None:
    class Listener(Biting):
        __hash__ = object.__hash__  # type: ignore[assignment]

        def __call__(self, **kwargs: object) -> None: ...

    listeners: list[Any] = [Listener(), Listener()]

    def answer() -> int:
        strangers.bell.receivers += [((1, 2), listener, None, False) for listener in listeners]
        return Employee.objects.count()

    assert judge(make(), answer).word == "correct"
    assert strangers.bell.receivers == []


def test_attributes_of_models_are_compared_by_identity(make: Any) -> None:
    Employee.note = Biting()  # type: ignore[attr-defined]
    try:

        def answer() -> int:
            Employee.note = Biting()  # type: ignore[attr-defined]
            return Employee.objects.count()

        kept = vars(Employee)["note"]
        assert judge(make(), answer).word == "correct"
        assert vars(Employee)["note"] is kept
    finally:
        del Employee.note  # type: ignore[attr-defined]


def test_a_returned_proxy_is_not_asked_for_its_class(make: Any) -> None:
    verdict = judge(make(), forgotten_task)
    assert verdict.word == "not yet"


def test_a_setting_is_not_asked(make: Any) -> None:
    settings.STRANGE = Biting()
    try:
        assert judge(make(), Employee.objects.count).word == "correct"
    finally:
        del settings.STRANGE


def test_a_list_that_was_replaced_is_put_back(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", sys.path)
    monkeypatch.setattr(post_save, "receivers", post_save.receivers)
    path, receivers = sys.path, post_save.receivers

    def answer() -> int:
        sys.path = ()  # type: ignore[assignment]
        post_save.receivers = None
        return Employee.objects.count()

    assert judge(make(), answer).word == "correct"
    assert sys.path is path
    assert post_save.receivers is receivers


@pytest.mark.parametrize("by_the_answer", [True, False])
def test_a_receiver_of_changed_settings_may_raise(by_the_answer: bool, make: Any) -> None:
    def loud(setting: str, **kwargs: object) -> None:
        if setting == "TIME_ZONE":
            bite()

    def answer() -> int:
        if by_the_answer:
            setting_changed.connect(loud)
        settings.TIME_ZONE = "Asia/Tokyo"
        return Employee.objects.count()

    if not by_the_answer:
        setting_changed.connect(loud)
    try:
        assert judge(make(), answer).word == "correct"
        assert settings.TIME_ZONE == "UTC"
    finally:
        setting_changed.disconnect(loud)


def test_one_part_that_cannot_be_put_back_leaves_the_others_put_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    parts = (
        lambda: lambda: done.append("first"),
        lambda: bite,
        lambda: lambda: done.append("last"),
    )
    monkeypatch.setattr(sandbox, "_PARTS", parts)
    with pytest.raises(LookupError):
        sandbox.snapshot()()
    assert done == ["first", "last"]


class Ends:
    """Whoever compares it or shows it ends the program."""

    def __eq__(self, other: object) -> bool:
        raise SystemExit

    def __hash__(self) -> int:
        return 1

    def __repr__(self) -> str:
        raise SystemExit


class EndsToo(Exception):
    def __str__(self) -> str:
        raise SystemExit


def raises_it() -> NoReturn:
    raise EndsToo


@pytest.mark.parametrize("answer", [Ends, lambda: [Ends()], raises_it])
def test_a_value_does_not_end_the_kernel(answer: Callable[[], Any], make: Any) -> None:
    assert judge(make(), answer).word in ("not yet", "error")


class Signed:
    """An answer that may be called, and tells nothing of itself."""

    @property
    def __signature__(self) -> NoReturn:
        bite()

    def __getattr__(self, name: str) -> NoReturn:
        bite()

    def __call__(self) -> int:
        return Employee.objects.count()


def test_an_answer_that_tells_nothing_of_itself(make: Any) -> None:
    assert judge(make(), Signed()).word == "correct"


def _no_rows() -> NoReturn:
    raise ZeroDivisionError("there are no rows")


def _fails_in_expects(task: Any) -> None:
    task.expects(_no_rows)


def _fails_in_cases(task: Any) -> None:
    task.cases(_no_rows)


def _fails_in_a_change(task: Any) -> None:
    task.changes.append(_no_rows)


@pytest.mark.parametrize("spoil", [_fails_in_expects, _fails_in_cases, _fails_in_a_change])
def test_a_fault_of_the_check_is_no_verdict(spoil: Callable[[Any], None], make: Any) -> None:
    task = make()
    spoil(task)
    with pytest.raises(CheckFailed) as fault:
        judge(task, Employee.objects.count)
    sentence = str(fault.value)
    assert sentence.startswith("The check of 99.1 itself failed. This is no fault of your answer")
    assert "ZeroDivisionError in test_strangers.py line" in sentence


def test_the_notebook_says_it_and_counts_nothing(
    make: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from tutor.desk import progress
    from tutor.desk.notebook import exercise

    task = make()
    _fails_in_expects(task)
    exercise(task.id)(Employee.objects.count)
    said = capsys.readouterr()
    assert "The check of 99.1 itself failed." in said.out
    assert "Traceback" not in said.out + said.err
    assert not progress.may_see_solution(task.id)
