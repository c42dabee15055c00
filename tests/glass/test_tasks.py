"""What glass sees of Celery's tasks, and that it changes nothing about them."""

import sys
import threading
from importlib import import_module

import pytest
from celery import chain, current_app, shared_task, signals
from company.models import Department, Skill
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError
from kombu.messaging import Producer

from glass import layer, progress, sequence, start_broker, start_worker, topology, watch
from glass.layers.signals import ReceiverCall
from glass.layers.sql import Query
from glass.layers.tasks import State, Task, hook
from glass.services.broker import BrokerProblem
from glass.services.celery_events import Listener
from glass.services.task_modules import task_module
from glass.views.task_progress import Bar, _Shown

WINDOWS = sys.platform == "win32"


@shared_task(name="staff.count")
def count_skills(*args, **kwargs):
    return Skill.objects.count()


@shared_task(name="staff.add")
def add(a, b):
    return a + b


@shared_task(name="staff.fails")
def fails(word):
    raise ValueError(word)


@shared_task(name="staff.stubborn", bind=True, max_retries=3)
def stubborn(self, times):
    if self.request.retries < times:
        raise self.retry(exc=ConnectionError("busy"), countdown=0)
    return self.request.retries


@pytest.fixture(autouse=True, scope="module")
def _celery_as_before():
    changes = current_app.conf.changes
    before = dict(changes)
    yield
    changes.clear()
    changes.update(before)


@pytest.fixture(autouse=True)
def _eager(monkeypatch):
    conf = current_app.conf
    before = conf.task_always_eager, conf.task_eager_propagates
    conf.task_always_eager, conf.task_eager_propagates = True, False
    yield
    conf.task_always_eager, conf.task_eager_propagates = before


def told(seen):
    return [(task.name, [str(state) for state in task.states]) for task in seen.tasks]


# Run in this process


def test_an_eager_task_holds_what_it_causes(company):
    @receiver(post_save, sender=Department)
    def greet(sender, **kwargs):
        count_skills.delay()

    try:
        with watch("sql", "signals", "tasks", show=False) as seen:
            Department.objects.create(name="New", city="Oslo", budget=1)
    finally:
        post_save.disconnect(greet, sender=Department)
    (task,) = seen.tasks
    assert isinstance(task.parent, ReceiverCall)
    assert [query.parent for query in seen.queries] == [None, task]
    assert (task.where, task.sent, task.states) == ("here", False, [State("succeeded", "2")])
    assert task.duration > 0
    assert seen.children()[task] == [seen.queries[1]]


def test_what_comes_after_it_is_outside_again(company):
    with watch("sql", "tasks", show=False) as seen:
        count_skills.delay()
        Skill.objects.count()
    assert [query.parent for query in seen.queries] == [seen.tasks[0], None]


@pytest.mark.django_db(transaction=True)
def test_a_task_on_commit_stands_after_the_commit():
    with watch("sql", "tasks", show=False) as seen, transaction.atomic():
        transaction.on_commit(lambda: add.delay(1, 2))
        Skill.objects.create(name="Listening")
    kinds = [type(event).__name__ for event in seen.events if not isinstance(event, Query)]
    assert kinds == ["Transaction", "Task"]
    assert seen.text().index("COMMIT") < seen.text().index("staff.add(1, 2)")


def test_calling_the_function_is_no_task():
    with watch("tasks", show=False) as seen:
        assert add(1, 2) == 3
    assert seen.tasks == []


def test_apply_runs_here_too():
    with watch("tasks", show=False) as seen:
        assert add.apply((1, 2)).get() == 3
    assert told(seen) == [("staff.add", ["succeeded: 3"])]


def test_a_failure_is_told_by_type_and_message():
    with watch("tasks", show=False) as seen:
        result = fails.delay("no disk")
    assert result.state == "FAILURE"
    assert told(seen) == [("staff.fails", ["failed: ValueError: no disk"])]
    assert seen.tasks[0].error == "ValueError: no disk"


def test_a_failure_that_comes_out_is_told_too(company):
    current_app.conf.task_eager_propagates = True
    with watch("tasks", "sql", show=False) as seen:
        with pytest.raises(ValueError, match="no disk"):
            fails.delay("no disk")
        Skill.objects.count()
    assert told(seen) == [("staff.fails", ["failed: ValueError: no disk"])]
    assert seen.queries[0].parent is None


def test_attempts_are_one_task():
    with watch("tasks", show=False) as seen:
        stubborn.delay(2)
    assert told(seen) == [
        ("staff.stubborn", ["retried: ConnectionError: busy"] * 2 + ["succeeded: 2"])
    ]


def test_a_chain():
    with watch("tasks", show=False) as seen:
        chain(add.s(1, 2), add.s(3))()
    assert told(seen) == [("staff.add", ["succeeded: 3"]), ("staff.add", ["succeeded: 6"])]


# What is shown


def test_the_text(company):
    with watch("sql", "tasks", show=False) as seen:
        count_skills.delay(12, word="hello")
        for number in range(6):
            add.delay(number, 1)
    here = "test_tasks.py line"
    first, *_, last = seen.tasks
    assert seen.text().splitlines() == [
        "7 tasks, 1 query, 1 row",
        "",
        f"{here} {first.places[0].line}: task staff.count(12, word='hello'), run here at once",
        f"    {here} {seen.queries[0].places[0].line}: 1 query, 1 row",
        '        SELECT COUNT(*) AS "__count" FROM "company_skill"',
        "    succeeded: 2",
        "",
        f"{here} {last.places[0].line}: task staff.add, 6 times, run here at once",
        "    with 0, 1 | 1, 1 | 2, 1 | ... 3 more",
        "    succeeded: 1 | 2 | 3 | ... 3 more",
    ]


def test_what_is_hostile_is_escaped(company):
    with watch("tasks", show=False) as seen:
        fails.delay("<script>alert(1)</script>")
        count_skills.delay("<script>", **{"<b>": "</pre>"})
    html = seen.html()
    assert "<script" not in html
    assert "<b>=" not in html
    assert html.count("</pre>") == html.count("<pre")
    assert "&lt;script&gt;alert(1)" in html


def test_times_are_shown_in_html_alone(monkeypatch):
    with watch("tasks", show=False) as seen:
        add.delay(1, 2)
    assert "ran " in seen.html()
    assert " ms" not in seen.text()
    monkeypatch.setenv("GLASS_TIMES", "off")
    assert " ms" not in seen.html()


# It leaves nothing behind


def test_it_leaves_without_a_trace():
    hooks = (
        signals.before_task_publish,
        signals.after_task_publish,
        signals.task_prerun,
        signals.task_postrun,
    )
    before = [len(signal.receivers) for signal in hooks], Producer._publish
    threads = set(threading.enumerate())
    with watch("tasks", show=False):
        assert Producer._publish is not before[1]
        add.delay(1, 2)
    assert ([len(signal.receivers) for signal in hooks], Producer._publish) == before
    assert not layer.find("tasks").installed
    assert not hook._known
    assert set(threading.enumerate()) == threads
    assert layer.enclosing() is None


def test_tasks_are_seen_without_being_named():
    with watch(show=False) as seen:
        add.delay(1, 2)
    assert [type(event) for event in seen.events] == [Task]


# Run by a worker

JOBS = """
import time

from celery import shared_task
from django.db import connection

@shared_task
def ask(*numbers):
    with connection.cursor() as cursor:
        for number in numbers:
            cursor.execute("SELECT %s", [number])
    return sum(numbers)

@shared_task
def fail(word):
    raise ValueError(word)

@shared_task(bind=True)
def stubborn(self, times):
    if self.request.retries < times:
        raise self.retry(exc=ConnectionError("busy"), countdown=0)
    return "done"

@shared_task(bind=True)
def steps(self, number):
    for done in range(1, number + 1):
        self.update_state(state="PROGRESS", meta={"done": done, "total": number})
        time.sleep(0.05)
"""


@pytest.fixture(scope="module")
def jobs(django_db_setup, django_db_blocker):
    """A module with tasks, and a real worker that has it."""
    with django_db_blocker.unblock():
        task_module("watched_jobs", JOBS)
        with start_worker():
            yield import_module("watched_jobs")


@pytest.fixture
def sent(jobs, db):
    current_app.conf.task_always_eager = False
    return jobs


def test_what_a_worker_tells(sent):
    with watch("tasks", show=False) as seen:
        assert sent.ask.delay(1, 2).get(timeout=5) == 3
    (task,) = seen.tasks
    assert [state.name for state in task.states] == ["received", "started", "succeeded"]
    assert (task.where, task.exchange, task.routing_key) == ("worker", "", "celery")
    body = '[[1, 2], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]'
    assert (task.body, task.size, task.serializer) == (body, len(body), "json")
    assert task.waited > 0
    assert task.duration > 0
    here = f"test_tasks.py line {task.places[0].line}"
    assert seen.text().splitlines()[2:] == [
        f"{here}: task watched_jobs.ask(1, 2) -> queue celery (json, {len(body)} bytes)",
        "    worker: received, started, succeeded: 3",
    ]
    assert "waited " in seen.html()


def test_what_a_task_asked_in_the_worker(sent):
    with watch("tasks", "sql", show=False) as seen:
        sent.ask.delay(1, 2).get(timeout=5)
    (task,) = seen.tasks
    assert [(query.sql, query.params, query.rows) for query in seen.queries] == [
        ("SELECT %s", [1], 0),
        ("SELECT %s", [2], 0),
    ]
    assert {query.parent for query in seen.queries} == {task}
    assert task.process == ("a thread of the worker" if WINDOWS else "a child process")
    assert "watched_jobs.py line 11: 2 queries, 0 rows" in seen.text()


def test_a_task_that_nobody_watches_tells_nothing(sent):
    heard = []
    listener = Listener(
        current_app._get_current_object(), lambda event: heard.append(event["type"])
    )
    assert listener.listen()
    sent.ask.delay(1).get(timeout=5)
    with watch("tasks", show=False):
        sent.ask.delay(1).get(timeout=5)
    listener.stop()
    assert heard.count("task-succeeded") == 2
    assert heard.count("glass-queries") == 1


def test_a_failure_in_the_worker(sent):
    with watch("tasks", show=False) as seen, pytest.raises(ValueError, match="<b>"):
        sent.fail.delay("<b>no</b>").get(timeout=5)
    assert told(seen) == [
        ("watched_jobs.fail", ["received", "started", "failed: ValueError: <b>no</b>"])
    ]
    assert "<b>no" not in seen.html()


def test_attempts_in_the_worker_stand_in_order(sent):
    with watch("tasks", show=False) as seen:
        assert sent.stubborn.delay(2).get(timeout=5) == "done"
    attempt = ["received", "started", "retried: ConnectionError: busy"]
    assert told(seen) == [
        ("watched_jobs.stubborn", [*attempt * 2, "received", "started", "succeeded: 'done'"])
    ]
    assert seen.text().splitlines()[3:] == [
        "    worker: received, started, retried: ConnectionError: busy",
        "            received, started, retried: ConnectionError: busy",
        "            received, started, succeeded: 'done'",
    ]


@pytest.mark.parametrize("pool", ["threads", "solo"])
def test_other_pools_tell_the_same(jobs, pool):
    """By the events that they send; each pool has its own way to carry an exception."""
    with start_worker(pool, pool=pool, queues=[pool]):
        current_app.conf.task_always_eager = False
        with watch("tasks", "sql", show=False) as seen:
            assert jobs.stubborn.apply_async((1,), queue=pool).get(timeout=5) == "done"
            results = [jobs.ask.apply_async((n, n), queue=pool) for n in range(4)]
            assert [result.get(timeout=5) for result in results] == [0, 2, 4, 6]
    retried, *asked = seen.tasks
    assert retried.states[2] == State("retried", "ConnectionError: busy")
    assert [[query.params for query in seen.children()[task]] for task in asked] == [
        [[n]] * 2 for n in range(4)
    ]
    where = {"threads": "a thread of the worker", "solo": "the worker's process"}[pool]
    assert {task.process for task in asked} == {where}


def test_what_the_worker_sends_itself(sent):
    with watch("tasks", "sql", show=False) as seen:
        chain(sent.ask.s(1), sent.ask.s(2), sent.ask.s(3))().get(timeout=5)
    first, second, third = seen.tasks
    assert (second.parent, third.parent) == (first, second)
    assert [task.states[-1].detail for task in seen.tasks] == ["1", "3", "6"]
    assert [len(seen.children()[task]) for task in seen.tasks] == [2, 3, 2]
    assert "    then the worker sends: task watched_jobs.ask(1, 2)" in seen.text()
    assert seen.text().index("SELECT") < seen.text().index("then the worker sends")


def test_many_tasks_are_one_group_in_the_order_in_which_they_were_sent(sent):
    with watch("tasks", "sql", show=False) as seen:
        results = [sent.ask.delay(number) for number in range(5)]
        assert sum(result.get(timeout=5) for result in results) == 10
    text = seen.text().splitlines()
    assert text[2].endswith(": task watched_jobs.ask, 5 times -> queue celery (json, 390 bytes)")
    assert text[3:5] == [
        "    with 0 | 1 | 2 | ... 2 more",
        "    worker: received, started, succeeded: 0 | 1 | 2 | ... 2 more",
    ]
    assert "        with 0 | 1 | 2 | 3 | 4" in text


def test_without_waiting_for_the_result_the_watch_waits(sent):
    with watch("tasks", show=False) as seen:
        sent.ask.delay(1)
    assert told(seen) == [("watched_jobs.ask", ["received", "started", "succeeded: 1"])]


def test_the_result_is_told_where_no_event_comes(sent, monkeypatch):
    monkeypatch.setattr(hook, "_heard", lambda event: None)  # As of a worker without -E.
    with watch("tasks", show=False) as seen:
        sent.ask.delay(1, 2).get(timeout=5)
        with pytest.raises(ValueError, match="no disk"):
            sent.fail.delay("no disk").get(timeout=5)
    assert told(seen) == [
        ("watched_jobs.ask", ["succeeded: 3"]),
        ("watched_jobs.fail", ["failed: ValueError: no disk"]),
    ]


def test_what_is_not_finished_says_so(sent):
    with watch("tasks", show=False) as seen:
        sent.ask.apply_async((1,), queue="nobody")
        sent.ask.apply_async((1,), countdown=60)
    assert not any(task.finished for task in seen.tasks)
    lines = seen.text().splitlines()
    assert "-> queue nobody (json" in lines[2]
    assert lines[3] == "    sent, no worker has taken it yet"
    assert "not before its eta)" in lines[5]
    assert lines[6] == "    worker: received, waits for its eta"


def test_a_watch_with_a_worker_leaves_nothing_behind(sent):
    with watch("tasks", show=False):
        sent.ask.delay(1).get(timeout=5)
        assert "glass events" in [thread.name for thread in threading.enumerate()]
    assert "glass events" not in [thread.name for thread in threading.enumerate()]
    assert not layer.find("tasks").installed
    assert not hook._known


# The picture


def test_the_way_of_an_eager_task(company):
    with watch("tasks", "sql", show=False) as seen:
        count_skills.delay()
    assert str(sequence(seen)).splitlines() == [
        "your code -> staff.count",
        "staff.count: 1 query",
        "your code <- staff.count: succeeded: 2",
    ]


def test_the_way_through_a_queue(sent):
    with watch("tasks", "sql", show=False) as seen:
        chain(sent.ask.s(1), sent.ask.s(2))().get(timeout=5)
        sent.ask.apply_async((1,), queue="nobody")
    assert str(sequence(seen)).splitlines() == [
        "your code -> queue celery: watched_jobs.ask",
        "queue celery -> worker: watched_jobs.ask",
        "worker: 1 query",
        "worker: sends watched_jobs.ask",
        "worker: 2 queries",
        "worker: succeeded: 3",
        "worker: succeeded: 1",
        "your code -> queue nobody: watched_jobs.ask",
    ]


# The bar


def test_a_bar_ends_when_the_task_does(sent, capsys):
    progress(sent.steps.delay(3))
    progress(sent.fail.delay("no disk"))
    assert capsys.readouterr().out.splitlines() == [
        "[####################] done",
        "[....................] failed: ValueError: no disk",
    ]


def test_the_bar_moves_in_a_notebook_and_only_its_end_is_stored(sent, monkeypatch):
    monkeypatch.setattr("glass.views.task_progress._EVERY", 0.01)
    shown = []
    monkeypatch.setattr(_Shown, "__call__", lambda self, bar, last=False: shown.append(str(bar)))
    progress(sent.steps.delay(4))
    assert [bar for bar in dict.fromkeys(shown) if " of " in bar] == [
        "[#####...............] 1 of 4",
        "[##########..........] 2 of 4",
        "[###############.....] 3 of 4",
        "[####################] 4 of 4",
    ]
    assert shown[-1] == "[####################] done"


def test_a_bar_gives_up(sent, capsys):
    progress(sent.ask.apply_async((1,), countdown=60), limit=0.1)
    assert "Nothing was heard of this task in 0.1 s." in capsys.readouterr().out


def test_a_bar_of_an_eager_task(capsys):
    progress(add.delay(1, 2))
    assert capsys.readouterr().out == "[####################] done\n"


def test_a_bar_is_escaped():
    assert "<b>" not in Bar(0.5, "<b>")._repr_html_()
    assert "width:50%" in Bar(0.5, "half")._repr_html_()


# Without a worker (the one above has ended with its module's broker)


@pytest.fixture
def broker(db):
    with start_broker() as broker:
        current_app.conf.task_always_eager = False
        yield broker


def test_queues_and_what_waits_in_them(broker):
    add.delay(1, 2)
    add.apply_async((1, 2), queue="reports")
    assert str(topology()).splitlines() == [
        "exchange celery (direct)",
        "  celery -> queue celery: 1 message waiting",
        "exchange reports (direct)",
        "  reports -> queue reports: 1 message waiting",
    ]
    assert topology().mermaid().splitlines() == [
        "flowchart LR",
        '    e0(["celery (direct)"])',
        '    e1(["reports (direct)"])',
        '    q0[("celery<br>1 message waiting")]',
        '    q1[("reports<br>1 message waiting")]',
        '    e0 -- "celery" --> q0',
        '    e1 -- "reports" --> q1',
    ]


def test_topic_and_fanout_exchanges(broker):
    orders, news = Exchange("orders", type="topic"), Exchange("news", type="fanout")
    for name, exchange, key in (("eu", orders, "orders.eu.#"), ("bell", news, "")):
        current_app.amqp.queues.add(Queue(name, exchange, routing_key=key))
    assert str(topology()).splitlines()[2:] == [
        "exchange news (fanout)",
        "  -> queue bell: 0 messages waiting",
        "exchange orders (topic)",
        "  orders.eu.# -> queue eu: 0 messages waiting",
    ]
    assert 'e2 -- "orders.eu.#35;" --> q2' in topology().mermaid()


def test_where_no_worker_can_answer_the_watch_does_not_wait(broker, monkeypatch):
    monkeypatch.setattr(hook, "sleep", lambda seconds: pytest.fail("It waits."))
    with watch("tasks", show=False) as seen:
        add.delay(1, 2)
    assert seen.text().splitlines()[-1] == "    sent, no worker has taken it yet"


def test_a_bar_says_that_no_worker_runs(broker, capsys):
    progress(add.delay(1, 2))
    assert "No worker runs" in capsys.readouterr().out


def test_no_broker_no_queues():
    with pytest.raises(BrokerProblem, match="tasks run at once"):
        topology()


def test_a_broker_that_is_gone(db):
    with start_broker() as broker:
        current_app.conf.task_always_eager = False
        broker._server.stop()
        with watch("tasks", show=False) as seen, pytest.raises(OperationalError):
            add.apply_async((1, 2), ignore_result=True)
    assert not seen.tasks[0].sent
    assert seen.text().splitlines()[-1] == "    was not sent"
