"""A real worker and a real beat, as a cell starts them: what Celery promises, and how they end."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from celery import chain, chord, group, shared_task
from celery.exceptions import NotRegistered, TaskRevokedError, TimeoutError
from celery.result import AsyncResult
from company.tasks import count_primes, wait_for_bank
from kombu.exceptions import EncodeError
from shop.tasks import CourierBusy, book_courier

import glass.services.session
from glass import start_beat, start_broker, start_worker
from glass.services import task_modules
from glass.services.broker import Broker, BrokerProblem
from glass.services.task_modules import forget_tasks, task_module
from glass.services.worker import Worker
from tests.glass.conftest import Shell

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"

JOBS = """
import os, time
from celery import shared_task

@shared_task
def add(x, y):
    return x + y

@shared_task
def total(numbers):
    return sum(numbers)

@shared_task
def fail():
    raise ValueError("no such parcel")

@shared_task
def say(text):
    print(text)

@shared_task
def where():
    return os.getpid()

@shared_task(bind=True)
def steps(self):
    self.update_state(state="PROGRESS", meta={"done": 1, "total": 3})
    time.sleep(0.3)
    return 3
"""


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def until(fact: Callable[[], object], patience: float = 5) -> bool:
    end = time.monotonic() + patience
    while not fact():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture(scope="module", params=["embedded", "redis", "rabbitmq"])
def worker(request: pytest.FixtureRequest, require: Callable[[str], str]) -> Iterator[Worker]:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "embedded":
            patch.delenv("CELERY_BROKER_URL", raising=False)
        else:
            patch.setenv("CELERY_BROKER_URL", require(request.param))
        task_module("jobs", JOBS)
        with start_worker(pool="threads", concurrency=2) as worker:
            yield worker
    assert glass.services.session.broker is None


@pytest.fixture
def jobs(worker: Worker):
    import jobs

    return jobs


def test_a_result(worker, jobs):
    assert count_primes.delay(100).get(timeout=5) == 25
    assert jobs.where.delay().get(timeout=5) == worker.pid != os.getpid()
    assert repr(worker) == "<worker@notebook: ready>"
    failed = jobs.fail.delay()
    with pytest.raises(ValueError, match="no such parcel"):
        failed.get(timeout=5)


def test_chain_group_and_link(jobs):
    assert chain(jobs.add.s(1, 2), jobs.add.s(10), jobs.add.s(100))().get(timeout=5) == 113
    assert group(jobs.add.s(n, n) for n in range(10))().get(timeout=5) == [*range(0, 20, 2)]


def test_25_chords_in_a_row(worker, jobs):
    if worker.broker.settings["result_backend"] == "rpc://":
        pytest.skip("RabbitMQ's results cannot be read by another worker, as chords need it.")
    for n in range(25):
        result = chord([jobs.add.s(n, i) for i in range(4)])(jobs.total.s())
        assert result.get(timeout=5) == 4 * n + 6


def test_countdown_and_expires(jobs):
    later = jobs.add.apply_async((1, 2), countdown=0.3)
    assert 0.25 < seconds(lambda: later.get(timeout=5)) < 3
    gone = jobs.add.apply_async((1, 2), countdown=0.3, expires=0.1)
    with pytest.raises(TaskRevokedError, match="expired"):
        gone.get(timeout=5)


def test_retry(worker):
    assert book_courier.delay("2026-W1").get(timeout=5)["attempts"] == 3
    with pytest.raises(CourierBusy, match="attempt 6"):
        book_courier.delay("2026-W1", busy=9, wait=0).get(timeout=5)


def test_progress(worker, jobs):
    if worker.broker.settings["result_backend"] == "rpc://":
        pytest.skip("RabbitMQ hands out each state once; the last one wins.")
    result = jobs.steps.delay()
    assert until(lambda: result.state == "PROGRESS")
    assert result.info == {"done": 1, "total": 3}
    assert result.get(timeout=5) == 3


def test_inspect_and_revoke(worker, jobs):
    inspect = worker.broker.app.control.inspect(timeout=5, limit=1)
    assert inspect.ping() == {"worker@notebook": {"ok": "pong"}}
    assert "jobs.add" in inspect.registered()["worker@notebook"]
    later = jobs.add.apply_async((1, 2), countdown=3)
    assert until(lambda: inspect.scheduled()["worker@notebook"])
    later.revoke()
    assert until(lambda: later.id in inspect.revoked()["worker@notebook"])


def test_the_log_and_the_messages_that_wait(worker, jobs):
    jobs.say.delay("the parcel is packed").get(timeout=5)
    lines = worker.log().splitlines()[-3:]
    assert lines == [
        "INFO Task jobs.say received",
        "the parcel is packed",
        "INFO Task jobs.say succeeded: None",
    ]
    jobs.add.apply_async((1, 2), queue="reports")
    assert worker.broker.queues("reports", "celery") == {"reports": 1, "celery": 0}


def test_what_no_worker_knows(worker, jobs, capsys):
    def unknown() -> None: ...

    unknown.__module__ = "__main__"
    forget_tasks("__main__")
    unknown = shared_task(unknown)
    assert unknown.name == "config.unknown"

    if worker.broker.settings["result_backend"] == "rpc://":
        unknown.delay()
    else:
        with pytest.raises(NotRegistered):
            unknown.delay().get(timeout=5)
    assert "task of this notebook, and the worker does not know it" in capsys.readouterr().out
    worker.broker.app.send_task("jobs.packs")
    assert capsys.readouterr().out.startswith("The worker does not know jobs.packs: it has")


def test_what_cannot_travel(worker, jobs):
    with pytest.raises(EncodeError, match="object is not JSON serializable"):
        jobs.add.delay(object(), 1)


def test_another_name_is_another_worker(worker, jobs):
    with start_worker("second", pool="solo", queues="reports,invoices") as second:
        assert second.broker is worker.broker
        sent = jobs.where.apply_async(queue="invoices")
        assert sent.get(timeout=5) == second.pid
        assert jobs.where.delay().get(timeout=5) == worker.pid
    assert not second.running
    assert glass.services.session.broker is worker.broker


# On the embedded broker alone


@pytest.fixture(autouse=True)
def _no_real_broker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "worker" not in request.fixturenames:
        monkeypatch.delenv("CELERY_BROKER_URL", raising=False)


@pytest.fixture
def broker(_no_real_broker: None) -> Iterator[Broker]:
    with start_broker() as broker:
        yield broker


def test_messages_wait_for_a_worker(broker):
    sent = [count_primes.delay(10), count_primes.delay(100)]
    with pytest.raises(TimeoutError):
        sent[0].get(timeout=0.1)
    with start_worker(pool="solo"):
        assert [result.get(timeout=5) for result in sent] == [4, 25]
    # The broker was not the worker's: it stays, and keeps the results.
    assert broker.queues() == {"celery": 0}
    assert AsyncResult(sent[0].id).get(timeout=1) == 4


def test_a_worker_has_the_code_of_its_start(broker, capsys):
    task_module("prices", "from celery import shared_task\n@shared_task\ndef vat(): return 19")
    with start_worker(pool="solo") as worker:
        from prices import vat

        assert vat.delay().get(timeout=5) == 19
        said = task_module(
            "prices", "from celery import shared_task\n@shared_task\ndef vat(): return 21"
        )
        assert said == "Module prices: tasks vat. Workers that start from now on have it so."
        from prices import vat

        assert (vat(), vat.delay().get(timeout=5)) == (21, 19)
        with start_worker(pool="solo") as again:
            assert (worker.running, vat.delay().get(timeout=5)) == (False, 21)
            assert again.broker is broker


def test_a_pool_of_processes_ends_with_the_worker(broker):
    if sys.platform == "win32":
        pytest.skip("Celery's prefork pool does not work on Windows.")
    with start_worker(pool="prefork", concurrency=2) as worker:
        children = psutil.Process(worker.pid).children()
        assert len(children) == 2
        wait_for_bank.delay(30)
        assert until(lambda: "received" in worker.log(wait=0))
        assert seconds(worker.kill) < 2
    assert until(lambda: not any(child.is_running() for child in children))


def test_stop_lets_a_task_finish(broker):
    worker = start_worker(pool="threads")
    result = wait_for_bank.delay(0.6)
    assert until(lambda: not broker.queues()["celery"])
    worker.stop()
    assert result.get(timeout=1) == 0.6
    assert "succeeded" in worker.log()


def test_beat_sends_and_the_worker_runs(broker):
    entry = {"task": "company.tasks.count_primes", "schedule": 0.1, "args": (10,)}
    with start_beat({"primes": entry}) as beat:
        assert until(lambda: broker.queues()["celery"] >= 2)
        assert "Sending due task primes (company.tasks.count_primes)" in beat.log()
        with start_worker(pool="solo") as worker:
            assert until(lambda: "succeeded: 4" in worker.log(wait=0))
    with pytest.raises(BrokerProblem, match="beat"):
        start_beat({"primes": {"task": "x", "schedule": "each Monday"}})


def test_a_worker_that_dies_at_once(broker):
    with pytest.raises(
        BrokerProblem, match=r"(?s)^The worker ended at once.*No module named 'nosuch'"
    ):
        start_worker(include=["nosuch"])
    with pytest.raises(BrokerProblem, match="There is no pool 'fork' here"):
        start_worker(pool="fork")
    assert glass.services.session.broker is broker


def test_a_broker_that_is_gone(broker):
    worker = start_worker(pool="solo")
    result = count_primes.delay(10)
    result.get(timeout=5)
    broker._server.stop()
    with pytest.raises(Exception) as raised:
        count_primes.delay(10).get(timeout=1)
    assert "broker does not answer" in glass.services.task_errors.explain(raised.value)
    assert seconds(broker.stop) < 8
    assert not worker.running


def test_cells(shell: Shell, _no_real_broker):
    shell.run("from celery import shared_task\nfrom glass import start_worker, start_broker")
    cell = "@shared_task\ndef greet():\n    return {!r}\nprint(greet.delay().get())"
    assert shell.run(cell.format("hello")).out == "hello\n"
    assert shell.run(cell.format("good day")).out == "good day\n"
    imported = f"from celery import shared_task\n{cell.format('hi')}"
    said = shell.run(f"%%task_module greetings\n{imported}").out
    assert said == "hi\nModule greetings: tasks greet. Workers that start from now on have it so.\n"
    assert "There is a module 'json' already" in shell.run("%%task_module json\nx = 1").err
    shell.run("broker = start_broker()")
    try:
        lost = shell.run("from greetings import greet\ngreet.delay().get(timeout=0.05)")
        assert type(lost.error) is TimeoutError
        assert "No result came in time. A worker must run" in lost.out + lost.err
        assert "Traceback" not in lost.out + lost.err
        odd = shell.run("from company.tasks import count_primes\ncount_primes.delay(broker)")
        assert "Give it a key (customer.pk), and let it read the row" in odd.out + odd.err
        shell.run("%load_ext glass")  # A notebook that begins again begins without a broker.
        assert shell.run("print(greet.delay().get(timeout=0.05))").out == "hi\n"
        shell.run("broker = start_broker()\n%unload_ext glass")
        assert glass.services.session.broker is None
    finally:
        shell.run("broker.stop()")
        # Imported in a worker, it would send a task to itself and wait for it.
        Path(task_modules.folder(), "greetings.py").unlink(missing_ok=True)


KERNEL = """
import sys, time
import glass
glass.setup()
from glass import reset, start_beat, start_worker
from shop.models import Order
from shop.tasks import send_confirmation, write_invoice
worker, beat = start_worker(pool="{pool}"), start_beat({{}})
order = Order.objects.exclude(status="cancelled").filter(invoice=None)[0]
for number in ("first", "second"):
    Order.objects.filter(pk=order.pk).update(number=number)
    send_confirmation.delay(order.pk).get(timeout=10)
    if number == "first":
        reset()
        send_confirmation.delay(order.pk).get(timeout=10)
write_invoice.delay(order.pk).get(timeout=10)
print(worker.pid, beat.pid, hasattr(Order.objects.get(pk=order.pk), "invoice"),
      [m["Subject"].replace(order.number, "N") for m in worker.outbox], sep=";", flush=True)
from company.tasks import wait_for_bank
wait_for_bank.delay(60)
sys.stdin.read(1)
"""


def test_two_notebooks_each_with_its_rows_and_killed_without_a_trace(_no_real_broker):
    pools = ["threads", "threads" if sys.platform == "win32" else "prefork"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DJANGO_")}
    notebooks = [
        subprocess.Popen(
            [sys.executable, "-c", KERNEL.format(pool=pool)],
            cwd=NOTEBOOKS,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for pool in pools
    ]
    family: list[psutil.Process] = []
    try:
        for notebook in notebooks:
            worker, beat, invoiced, subjects = notebook.stdout.readline().strip().split(";")
            assert (invoiced, subjects) == (
                "True",
                "['Your order first', 'Your order N', 'Your order second']",
            )
            for pid in (worker, beat):
                process = psutil.Process(int(pid))
                family += [process, *process.children(recursive=True)]
        assert len(family) >= 6 or sys.platform == "win32"
    finally:
        for notebook in notebooks:
            notebook.kill()
            notebook.communicate()
    assert until(lambda: not any(process.is_running() for process in family), 10)
