"""The nightly backup, against a store in a process of its own, and on a real database."""

import gzip
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from backups import dumps, services, tasks
from backups.models import Backup
from backups.store import HttpStore, StoreDown, StoreRefused
from backups.store_server import Rehearsal
from celery.schedules import crontab
from config.celery import app
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test import Client
from shop.models import Customer, Order, OrderLine

DAY = date(2026, 3, 2)
COPY = "2026-03-02" + {"sqlite": ".sqlite3.gz", "postgresql": ".sql.gz"}[connection.vendor]


@pytest.fixture
def there(tmp_path: Path, settings: Any) -> Iterator[Rehearsal]:
    """A store that runs, and settings that lead to it."""
    settings.BACKUP_FOLDER = tmp_path / "here"
    with Rehearsal(tmp_path / "there") as rehearsal:
        settings.BACKUP_STORE = {
            "URL": rehearsal.url,
            "USER": rehearsal.user,
            "PASSWORD": rehearsal.password,
        }
        yield rehearsal


def steps(there: Rehearsal) -> list[str]:
    """What was asked, without the logins that each step begins with."""
    return [line for line in there.log() if not line.startswith("POST /login 200")]


# The chain


def test_a_night(shared_rows: None, there: Rehearsal) -> None:
    assert tasks.nightly_backup.delay("2026-03-02").get() is True
    assert there.log()[0] == "POST /login 200"
    assert steps(there) == [
        f"PUT /copies/{COPY} 201",
        f"GET /copies/{COPY} 200",
        "GET /copies/ 200",
    ]
    backup = Backup.objects.get(day=DAY)
    assert backup.status == Backup.Status.VERIFIED
    assert backup.row_counts["shop_order"] == 400
    assert [path.name for path in there.folder.iterdir()] == [COPY]
    assert mail.outbox == []


def test_one_night_one_copy(shared_rows: None, there: Rehearsal) -> None:
    assert [tasks.nightly_backup.delay("2026-03-02").get() for _ in range(2)] == [True, False]
    assert len(steps(there)) == 3


def test_a_store_that_fails_twice_is_asked_three_times(shared_rows: None, there: Rehearsal) -> None:
    there.fail(2)
    tasks.nightly_backup.delay("2026-03-02")
    put = f"PUT /copies/{COPY}"
    assert steps(there)[:3] == [f"{put} 503", f"{put} 503", f"{put} 201"]
    assert Backup.objects.get().status == Backup.Status.VERIFIED
    assert mail.outbox == []


def test_the_alarm_is_raised_once_after_the_last_attempt(
    shared_rows: None, there: Rehearsal
) -> None:
    order: list[str] = []
    send = mail.EmailMultiAlternatives.send

    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        order.extend([*steps(there), self.subject])
        return send(self, *args, **kwargs)

    there.fail(99)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mail.EmailMultiAlternatives, "send", noted)
        assert tasks.nightly_backup.delay("2026-03-02").state == "FAILURE"
    alarm = "[Django] No backup of 2026-03-02"
    assert order == [f"PUT /copies/{COPY} 503"] * (1 + tasks.store.max_retries) + [alarm]
    assert [letter.to for letter in mail.outbox] == [["operations@northlight.example"]]
    assert mail.outbox[0].body == "store: The store answered 503."
    assert Backup.objects.get().status == Backup.Status.FAILED
    # Somebody mends the store, and starts it again.
    there.fail(0)
    assert tasks.nightly_backup.delay("2026-03-02").get() is True
    assert Backup.objects.get().status == Backup.Status.VERIFIED
    assert len(mail.outbox) == 1


def test_a_wrong_password_is_not_tried_again(
    shared_rows: None, there: Rehearsal, settings: Any
) -> None:
    settings.BACKUP_STORE = settings.BACKUP_STORE | {"PASSWORD": "guess"}
    tasks.nightly_backup.delay("2026-03-02")
    assert there.log() == ["POST /login 401"]
    assert mail.outbox[0].body == "log_in: The store answered 401."
    assert not (settings.BACKUP_FOLDER / COPY).exists()  # It did not come to a dump.


def test_no_message_carries_a_secret(there: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []
    monkeypatch.setattr(services, "begin", lambda day: True)
    monkeypatch.setattr("celery.canvas._chain.delay", lambda self: sent.append(repr(dict(self))))
    tasks.nightly_backup("2026-03-02")
    assert "2026-03-02" in sent[0]
    assert there.password not in sent[0]


# The lock


def test_two_runs_at_once_begin_one_backup(shared_rows: None) -> None:
    start, begun = threading.Barrier(4), []

    def run() -> None:
        start.wait()
        try:
            begun.append(services.begin(DAY))
        finally:
            connection.close()

    runs = [threading.Thread(target=run) for _ in range(4)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join(30)
    assert sorted(begun) == [False, False, False, True]


@pytest.mark.parametrize(
    ("status", "hours", "again"),
    [
        ("running", 1, False),
        ("running", 3, True),  # Its worker died.
        ("verified", 30, False),
        ("failed", 0, True),
    ],
)
def test_who_may_begin_again(db: None, status: str, hours: int, again: bool) -> None:
    started = datetime.now(UTC) - timedelta(hours=hours)
    Backup.objects.create(day=DAY, status=status, started_at=started)
    assert services.begin(DAY) is again
    assert services.begin(DAY) is False


# The copy


def test_it_is_the_copy_of_one_moment(shared_rows: None, tmp_path: Path) -> None:
    """Orders are written with two lines each, in one transaction, all the time."""
    OrderLine.objects.all().delete()
    Order.objects.all().delete()
    stop = threading.Event()
    written = []

    def write() -> None:
        try:
            while not stop.is_set():
                with transaction.atomic():
                    order = Order.objects.create(number=f"X{len(written)}", customer_id=1)
                    for product in (1, 2):
                        order.lines.create(product_id=product, quantity=1, unit_price=1)
                written.append(order)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = []
        for number in range(2):
            before = len(written)
            while len(written) < before + 3:
                assert writer.is_alive()
                time.sleep(0.01)
            copy = tmp_path / f"{number}.gz"
            dumped = dumps.dump(copy)
            assert dumps.restore(copy) == dumped
            counts.append((dumped["shop_order"], dumped["shop_orderline"]))
    finally:
        stop.set()
        writer.join(30)
    assert all(lines == 2 * orders for orders, lines in counts)
    assert counts[0][0] < counts[-1][0]  # It was written meanwhile.


def test_a_transaction_that_is_open_is_not_in_it(shared_rows: None, tmp_path: Path) -> None:
    with transaction.atomic():
        Customer.objects.create(name="New", email="new@example.com", joined_on=DAY)
        assert dumps.dump(tmp_path / "copy")["shop_customer"] == 120
        transaction.set_rollback(True)


def test_rows_come_back_as_they_were(shared_rows: None, tmp_path: Path) -> None:
    dumps.dump(tmp_path / "copy")
    content = gzip.decompress((tmp_path / "copy").read_bytes())
    assert "عمر الفاروق".encode() in content
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("spoil", ["cut", "empty", "other"])
def test_a_damaged_copy_is_found(
    shared_rows: None, there: Rehearsal, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    put = HttpStore.put

    def spoilt(self: HttpStore, name: str, copy: Path, sha256: str) -> None:
        put(self, name, copy, sha256)
        stored = there.folder / name
        content = {"cut": stored.read_bytes()[:-500], "empty": b"", "other": gzip.compress(b"")}
        stored.write_bytes(content[spoil])

    monkeypatch.setattr(HttpStore, "put", spoilt)
    tasks.nightly_backup.delay("2026-03-02")
    assert Backup.objects.get().status == Backup.Status.FAILED
    assert "the checksum differs" in mail.outbox[0].body


@pytest.mark.parametrize(
    "content", [b"no gzip", gzip.compress(b"no database")], ids=["no gzip", "no database"]
)
def test_a_copy_that_cannot_be_restored(shared_rows: None, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "copy").write_bytes(content)
    with pytest.raises(dumps.CannotDump):
        dumps.restore(tmp_path / "copy")


def test_too_few_rows_are_no_backup(shared_rows: None, there: Rehearsal) -> None:
    services.begin(DAY)
    services.dump(DAY)
    services.store(DAY)
    counts = Backup.objects.get().row_counts
    Backup.objects.update(row_counts=counts | {"shop_order": 401})
    with pytest.raises(dumps.CannotDump, match="does not have the rows"):
        services.verify(DAY)


def test_without_pg_dump_there_is_a_sentence(
    shared_rows: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite needs no program")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(dumps.CannotDump, match=r"pg_dump is not there\. Install"):
        dumps.dump(tmp_path / "copy")


# Seven copies


def test_the_newest_seven_are_kept_and_the_files_of_others(
    shared_rows: None, there: Rehearsal
) -> None:
    (there.folder / "notes.txt").write_text("not ours")
    for day in range(20, 29):
        (there.folder / f"2026-02-{day}{dumps.suffix()}").write_text("old")
    tasks.nightly_backup.delay("2026-03-02")
    kept = sorted(path.name for path in there.folder.iterdir())
    days = [f"2026-02-{day}" for day in range(23, 29)] + ["2026-03-02"]
    assert kept == [f"{day}{dumps.suffix()}" for day in days] + ["notes.txt"]


def test_a_night_that_fails_deletes_nothing(
    shared_rows: None, there: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(20, 29):
        (there.folder / f"2026-02-{day}{dumps.suffix()}").write_text("old")
    monkeypatch.setattr(dumps, "restore", lambda copy: {})
    tasks.nightly_backup.delay("2026-03-02")
    assert len(list(there.folder.iterdir())) == 10
    assert Backup.objects.get().status == Backup.Status.FAILED


def test_the_alarm_says_it_too_when_old_ones_stay(
    shared_rows: None, there: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(self: HttpStore, name: str) -> None:
        raise StoreDown("The store answered 503.")

    monkeypatch.setattr(HttpStore, "delete", down)
    for day in range(20, 29):
        (there.folder / f"2026-02-{day}{dumps.suffix()}").write_text("old")
    tasks.nightly_backup.delay("2026-03-02")
    assert Backup.objects.get().status == Backup.Status.VERIFIED
    subjects = [letter.subject for letter in mail.outbox]
    assert subjects == ["[Django] Old backups stay beside that of 2026-03-02"]


# Nobody is told of what never began, unless somebody looks


def test_somebody_looks(db: None) -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert services.check(now) is False
    assert mail.outbox[0].subject == "[Django] No good backup"
    Backup.objects.create(
        day=DAY, status=Backup.Status.VERIFIED, verified_at=now - timedelta(hours=9)
    )
    assert services.check(now) is True
    assert services.check(now + timedelta(hours=24)) is False


def test_a_monitor_may_ask(db: None, client: Client) -> None:
    assert client.get("/backups/health/").status_code == 503
    Backup.objects.create(
        day=DAY, status=Backup.Status.VERIFIED, verified_at=datetime.now(UTC) - timedelta(hours=9)
    )
    answer = client.get("/backups/health/")
    assert (answer.status_code, answer.json()) == (200, {"fresh": True})
    assert "no-store" in answer["Cache-Control"]


def test_the_schedule_names_tasks_that_there_are(db: None) -> None:
    schedule = app.conf.beat_schedule
    app.loader.import_default_modules()
    assert {entry["task"] for entry in schedule.values()} <= set(app.tasks)
    nightly = schedule["nightly backup"]["schedule"]
    assert isinstance(nightly, crontab)
    assert (nightly.hour, nightly.minute) == ({3}, {0})  # Once, not sixty times.
    schedules = [entry["schedule"] for entry in schedule.values()]
    assert timedelta(hours=12) in schedules
    assert timedelta(hours=24) in schedules


# The store


def test_who_does_not_log_in_gets_nothing(there: Rehearsal, tmp_path: Path) -> None:
    (there.folder / COPY).write_text("secret")
    with HttpStore(there.url, there.user, there.password) as store:
        for ask in (
            store.names,
            lambda: store.get(COPY, tmp_path / "copy"),
            lambda: store.delete(COPY),
            lambda: store.put(COPY, there.folder / COPY, "0"),
        ):
            with pytest.raises(StoreRefused, match="401"):
                ask()
        store.log_in()
        assert store.names() == [COPY]
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("name", ["../up", "..", "a/b", ".hidden"])
def test_a_name_cannot_lead_out_of_the_folder(there: Rehearsal, tmp_path: Path, name: str) -> None:
    (tmp_path / "up").write_text("kept")
    with HttpStore(there.url, there.user, there.password) as store:
        store.log_in()
        for path in (f"/copies/{name}", "/copies/" + name.replace("/", "%2F")):
            with pytest.raises(StoreRefused):
                store._ask("DELETE", path)
    assert (tmp_path / "up").exists()


def test_a_copy_that_changed_on_the_way_is_refused(there: Rehearsal, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("content")
    with HttpStore(there.url, there.user, there.password) as store:
        store.log_in()
        with pytest.raises(StoreRefused, match="422"):
            store.put(COPY, tmp_path / "copy", "0" * 64)
        assert store.names() == []


@pytest.mark.parametrize("content", [b"no JSON", b"[1]", b'{"user": null}', b"{}"])
def test_a_login_that_is_none(there: Rehearsal, content: bytes) -> None:
    answer = httpx.post(f"{there.url}/login", content=content, trust_env=False)
    assert answer.status_code in (400, 401)
    assert there.log() == [f"POST /login {answer.status_code}"]


def test_a_store_that_lacks_something_says_so() -> None:
    command = [sys.executable, "-m", "backups.store_server"]
    folder = Path(services.__file__).parents[1]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
    assert done.returncode == 1
    assert "Set STORE_USER" in done.stderr


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    with Rehearsal(tmp_path) as there:
        url = there.url
    with HttpStore(url, "a", "b") as store, pytest.raises(StoreDown, match="does not answer"):
        store.log_in()


def test_a_store_that_hangs(tmp_path: Path, silent: str) -> None:
    with HttpStore(silent, "a", "b", timeout=0.1) as store, pytest.raises(StoreDown, match="Time"):
        store.log_in()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes calls and says nothing."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_without_an_address_there_is_a_sentence(db: None, settings: Any) -> None:
    settings.BACKUP_STORE = {"URL": "", "USER": "", "PASSWORD": ""}
    with pytest.raises(ImproperlyConfigured, match="Set BACKUP_STORE_URL"):
        services.log_in()


def test_the_store_ends_with_whoever_started_it(tmp_path: Path) -> None:
    code = (
        "import os; from pathlib import Path; from backups.store_server import Rehearsal\n"
        f"with Rehearsal(Path(r'{tmp_path}')) as there:\n"
        "    import psutil\n"
        "    print(psutil.Process().children()[0].pid, flush=True); os._exit(1)\n"
    )
    folder = Path(services.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        check=False,
        text=True,
        timeout=30,
    )
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(done.stdout)).wait(10)
