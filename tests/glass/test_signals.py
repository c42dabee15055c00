"""What glass sees of signals, and that it changes nothing about them."""

import asyncio
import gc
import sys

import pytest
from company.models import Department, Employee, Skill
from django.db import transaction
from django.db.models.signals import post_save, pre_delete, pre_save
from django.dispatch import Signal, receiver
from django.test import Client

from glass import layer, receivers_of, sequence, trace, watch
from glass.layers.signals import ReceiverCall, SignalSend

bell = Signal()


@pytest.fixture(autouse=True)
def _quiet_bells():
    signals = (bell, post_save, pre_save, pre_delete)
    before = [list(signal.receivers) for signal in signals]
    yield
    for signal, receivers in zip(signals, before, strict=True):
        signal.receivers[:] = receivers
        signal.sender_receivers_cache.clear()


def loud(sender, **kwargs):
    return "heard"


def called(seen):
    return [event for event in seen.events if isinstance(event, ReceiverCall)]


def calls(seen):
    return [(call.name.rpartition(".")[2], call.returned) for call in called(seen)]


def test_a_send_and_its_receivers_in_order():
    def second(sender, **kwargs):
        return 2

    bell.connect(second)
    bell.connect(loud)
    with watch("signals", show=False) as seen:
        answers = bell.send("me", size=3)
    (send,) = seen.signals
    assert (send.name, send.sender, send.arguments) == ("bell", "me", {"size": 3})
    assert calls(seen) == [("second", "2"), ("loud", "'heard'")]
    assert answers == [(second, 2), (loud, "heard")]


def test_a_set_is_shown_in_the_same_order_in_every_process():
    bell.connect(loud)
    with watch("signals", show=False) as seen:
        bell.send(None, names=frozenset("fdbeca"), keys={10, 9, 1})
    assert "(keys={1, 9, 10}, names=frozenset({'a', 'b', 'c', 'd', 'e', 'f'}))" in str(seen)


def test_the_functions_that_come_back_are_the_learners_own():
    bell.connect(loud)
    with watch("signals", show=False):
        for answers in (bell.send(None), bell.send_robust(None)):
            assert answers[0][0] is loud


def test_the_line_that_rang():
    bell.connect(loud)
    with watch("signals", show=False) as seen:
        bell.send(None)
    assert seen.signals[0].places[0].name == "test_the_line_that_rang"


def test_an_exception_stops_send_and_is_kept():
    @receiver(bell)
    def fails(sender, **kwargs):
        raise ValueError("no")

    def before(sender, **kwargs):
        return "ready"

    bell.disconnect(fails)
    for function in (before, fails, loud):
        bell.connect(function)
    with watch("signals", show=False) as seen, pytest.raises(ValueError, match="no"):
        bell.send(None)
    assert seen.signals[0].error == "ValueError: no"
    assert calls(seen) == [("before", "'ready'"), ("fails", "None")]
    assert [call.error for call in called(seen)] == [None, "ValueError: no"]
    assert all(call.duration > 0 for call in called(seen))
    bell.disconnect(before)
    with watch("signals", show=False) as seen:
        answers = bell.send_robust(None)
    assert [call.error for call in called(seen)] == ["ValueError: no", None]
    assert isinstance(answers[0][1], ValueError)
    assert seen.signals[0].error is None


def test_what_happens_inside_a_receiver_is_inside(company):
    @receiver(post_save, sender=Skill)
    def counts(sender, **kwargs):
        Employee.objects.count()

    @receiver(post_save, sender=Department)
    def saves(sender, **kwargs):
        Skill.objects.create(name="Listening")

    with watch("sql", "signals", show=False) as seen:
        Department.objects.create(name="New", city="Oslo", budget=1)
    inner = [
        (type(event).__name__, type(event.parent).__name__ if event.parent else None)
        for event in seen.events
    ]
    assert inner == [
        ("Query", None),
        ("SignalSend", None),
        ("ReceiverCall", "SignalSend"),
        ("Query", "ReceiverCall"),
        ("SignalSend", "ReceiverCall"),
        ("ReceiverCall", "SignalSend"),
        ("Query", "ReceiverCall"),
    ]


def test_the_insert_stands_between_pre_save_and_post_save(company):
    pre_save.connect(loud, sender=Department)
    post_save.connect(loud, sender=Department)
    with watch("sql", "signals", show=False) as seen:
        Department.objects.create(name="New", city="Oslo", budget=1)
    kinds = [
        event.name if isinstance(event, SignalSend) else type(event).__name__
        for event in seen.events
        if not isinstance(event, ReceiverCall)
    ]
    assert kinds == ["pre_save", "Query", "post_save"]


def test_unheard_sends_are_shown_only_when_they_are_asked_for(company):
    with watch("signals", show=False) as seen:
        Skill.objects.create(name="New")
    assert seen.signals == []
    with watch("unheard", show=False) as seen:
        Skill.objects.create(name="Newer")
    names = [send.name for send in seen.signals]
    assert names == ["pre_init", "post_init", "pre_save", "post_save"]
    assert "nobody hears it" in seen.text()


def test_djangos_own_receivers_are_not_the_learners(client, db):
    with watch(show=False) as seen:
        client.get("/")
    assert seen.signals == []


def test_unheard_alone_runs_djangos_own_receivers(client, db, monkeypatch):
    monkeypatch.delitem(trace.active_traces, "signals", raising=False)  # As in a new process.
    with watch("unheard", show=False) as seen:
        assert client.get("/").status_code == 200
    assert "request_started" in [send.name for send in seen.signals]


def test_asking_who_listens_gets_djangos_answer(company):
    pre_delete.connect(loud, sender=Department)

    @receiver(post_save, sender=Skill)
    def asks(sender, **kwargs):
        assert pre_delete.has_listeners(Department)
        assert not pre_delete.has_listeners(Skill)
        assert pre_delete._live_receivers(Department) == ([loud], [])

    with watch("signals", show=False):
        Skill.objects.create(name="New")


def test_a_send_that_nobody_hears_leaves_nothing_behind(company):
    pre_delete.connect(loud, sender=Department)
    pre_delete.send(Skill)  # From now on Django remembers that nobody hears this one.
    with watch("unheard", "signals", show=False):
        pre_delete.send(Skill)
        assert pre_delete.has_listeners(Department)


def test_a_receiver_that_sends_the_same_signal():
    depth = []

    @receiver(bell)
    def again(sender, **kwargs):
        depth.append(1)
        if len(depth) < 3:
            bell.send(sender)

    with watch("signals", show=False) as seen:
        bell.send(None)
    assert [event.parent for event in seen.events] == [None, *seen.events[:-1]]


def test_async_receivers_have_their_own_queries(company):
    rung = Signal()

    @receiver(rung)
    async def first(sender, **kwargs):
        await asyncio.sleep(0)
        with watch("sql", show=False):
            pass
        return 1

    @receiver(rung)
    async def second(sender, **kwargs):
        raise KeyError("second")

    async def cell():
        return await rung.asend_robust(None)

    with watch("signals", show=False) as seen:
        answers = asyncio.run(cell())
    assert [function for function, _ in answers] == [first, second]
    assert [(call.returned, call.error) for call in called(seen)] == [
        ("1", None),
        ("None", "KeyError: 'second'"),
    ]
    assert {call.parent for call in called(seen)} == set(seen.signals)


def test_concurrent_async_receivers_are_told_apart():
    outer, inner = Signal(), Signal()
    inner.connect(loud)

    def receiver_that_sends(pause):
        async def sends(sender, **kwargs):
            await asyncio.sleep(pause)
            inner.send(pause)

        return sends

    both = [receiver_that_sends(0.01), receiver_that_sends(0)]
    for function in both:
        outer.connect(function)

    async def cell():
        await outer.asend(None)

    with watch("signals", show=False) as seen:
        asyncio.run(cell())
    parents = {
        send.sender: send.parent.receiver for send in seen.signals if send.sender is not None
    }
    assert parents == {0.01: both[0], 0: both[1]}


def test_sync_receivers_of_asend(company):
    bell.connect(loud)

    async def cell():
        return await bell.asend(None)

    with watch("signals", show=False) as seen:
        assert asyncio.run(cell()) == [(loud, "heard")]
    assert calls(seen) == [("loud", "'heard'")]


def test_it_leaves_without_a_trace():
    before = {name: getattr(Signal, name) for name in ("send", "asend", "_live_receivers")}
    with watch("signals", show=False):
        assert Signal.send is not before["send"]
    assert {name: getattr(Signal, name) for name in before} == before
    assert not layer.find("signals").installed


def test_weak_receivers_still_vanish(settings):
    settings.DEBUG = False
    rung = Signal()

    class Listener:
        def hear(self, sender, **kwargs):
            return 1

    listener = Listener()
    rung.connect(listener.hear)
    with watch("signals", show=False):
        assert len(rung.send(None)) == 1
        del listener
        gc.collect()
    assert rung.send(None) == []


def test_requests_logins_and_transactions_nest(db):
    from django.contrib.auth.models import User
    from django.contrib.auth.signals import user_logged_in

    user = User.objects.create_user("nina")

    @receiver(user_logged_in)
    def greet(sender, **kwargs):
        User.objects.count()

    with watch("sql", "signals", show=False) as seen, transaction.atomic():
        Client().force_login(user)
    # Django's own receiver of this signal is shown beside those of the project; ours came last.
    *_, call = called(seen)
    assert call.parent.name == "user_logged_in"
    assert [query.parent for query in seen.queries if "COUNT" in query.sql] == [call]


def test_the_text():
    @receiver(bell)
    def fails(sender, **kwargs):
        raise ValueError("<b>no</b>")

    with watch("signals", show=False) as seen, pytest.raises(ValueError, match="no"):
        bell.send("the shop", total=3)
    line = seen.signals[0].line
    assert line is None
    name = f"{__name__}.test_the_text.<locals>.fails"
    assert seen.text().splitlines()[1:] == [
        "",
        f"test_signals.py line {seen.signals[0].places[0].line}: bell from 'the shop' (total=3)",
        f"    receiver {name}, raised ValueError: <b>no</b>",
    ]
    assert seen.text().startswith("1 signal")
    assert "<b>no" not in seen.html()


def test_repeated_sends_are_one_group():
    bell.connect(loud)
    with watch("signals", show=False) as seen:
        for _ in range(5):
            bell.send(None)
    assert seen.text().count("bell from None") == 1
    assert "5 times" in seen.text()


# Who is connected


def test_receivers_of():
    async def later(sender, **kwargs): ...

    bell.connect(later)
    bell.connect(loud, sender=Department, dispatch_uid="once", weak=False)
    strong, asynchronous = receivers_of(bell)
    assert (strong.receiver, strong.sender, strong.dispatch_uid) == (loud, Department, "once")
    assert (strong.weak, strong.is_async) == (False, False)
    assert (asynchronous.sender, asynchronous.weak, asynchronous.is_async) == (None, True, True)
    assert strong.place == f"test_signals.py line {loud.__code__.co_firstlineno}"
    assert str(receivers_of(bell)).splitlines()[0] == "bell:"
    assert "hears Department, strong, dispatch_uid='once'" in str(strong)


def test_a_receiver_of_a_library_has_no_place():
    from django.contrib.auth.signals import user_logged_in

    django_own = receivers_of(user_logged_in)[0]
    assert str(django_own).startswith("django.contrib.auth.models.update_last_login (hears every")
    assert django_own.place == ""


def test_receivers_of_nobody():
    assert str(receivers_of(Signal())) == "a signal without a name: no receivers"


def test_a_bound_method_has_no_dispatch_uid():
    class Listener:
        def hear(self, sender, **kwargs): ...

    listener = Listener()
    bell.connect(listener.hear)
    (found,) = receivers_of(bell)
    assert (found.dispatch_uid, found.weak) == (None, True)


# The picture


def test_sequence():
    @receiver(bell)
    def fails(sender, **kwargs):
        raise ValueError("no; #1")

    bell.connect(loud)
    with watch("signals", show=False) as seen:
        bell.send_robust("shop")
    here = f"{__name__}.test_sequence.<locals>.fails"
    assert str(sequence(seen)).splitlines() == [
        "your code -> bell: from 'shop'",
        f"bell -> {here}",
        f"bell <- {here}: raised ValueError: no; #1",
        f"bell -> {__name__}.loud",
        f"bell <- {__name__}.loud: 'heard'",
    ]
    lines = sequence(seen).mermaid().splitlines()
    assert lines[:3] == [
        "sequenceDiagram",
        "    participant p0 as your code",
        "    participant p1 as bell",
    ]
    assert "    p2-->>p1: raised ValueError#58; no#59; #35;1" in lines


def test_sequence_of_nothing():
    with watch("signals", show=False) as seen:
        pass
    assert str(sequence(seen)) == "no signals"


def test_many_sends_make_a_bounded_picture():
    bell.connect(loud)
    with watch("signals", show=False) as seen:
        for _ in range(1000):
            bell.send(None)
    assert len(sequence(seen).mermaid()) < 10_000
    assert "more, not shown" in str(sequence(seen))
    assert sys.getsizeof(seen.html()) < 20_000


def test_a_trace_keeps_no_receiver_alive():
    class Listener:
        def hear(self, sender, **kwargs):
            pass

    def passing(sender, **kwargs):
        pass

    listener = Listener()
    bell.connect(passing)
    bell.connect(listener.hear)
    with watch("signals", show=False) as seen:
        bell.send(None)
    assert [call.receiver for call in called(seen)] == [passing, listener.hear]
    before = str(seen)
    del passing, listener
    gc.collect()
    assert bell.send(None) == []
    assert [call.receiver for call in called(seen)] == [None, None]
    assert str(seen) == before
