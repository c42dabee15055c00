"""The timeline from above: which bar stands in which lane, and how deep."""

import pytest
from company.models import Department, Employee
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import Signal

from glass import lanes, watch

bell = Signal()


@pytest.fixture(autouse=True)
def _quiet_bells():
    before = list(post_save.receivers), list(bell.receivers)
    yield
    post_save.receivers[:], bell.receivers[:] = before
    post_save.sender_receivers_cache.clear()
    bell.sender_receivers_cache.clear()


def bars(seen):
    return [(bar.lane, bar.start, bar.end, bar.depth, bar.label) for bar in lanes(seen).bars]


def test_what_is_inside_stands_below_and_within(company):
    def counts(sender, **kwargs):
        Employee.objects.count()

    post_save.connect(counts, sender=Department)
    with watch(show=False) as seen, transaction.atomic():
        Department.objects.create(name="New", city="Oslo", budget=1)
    assert bars(seen) == [
        ("sql", 1, 5, 0, "SAVEPOINT ... RELEASE SAVEPOINT"),
        ("sql", 2, 2, 1, "INSERT company_department"),
        ("signals", 3, 5, 0, "post_save from Department"),
        ("signals", 4, 5, 1, "counts"),
        ("sql", 5, 5, 1, "SELECT company_employee"),
    ]


def test_alike_neighbours_are_one_bar(company):
    with watch(show=False) as seen:
        for _ in range(7):
            Employee.objects.count()
        Department.objects.count()
    assert bars(seen) == [
        ("sql", 1, 7, 0, "SELECT company_employee"),
        ("sql", 8, 8, 0, "SELECT company_department"),
    ]


def test_a_page_has_a_lane_for_each_layer(client, company):
    with watch("http", "sql", "templates", show=False) as seen:
        client.get("/departments/")
    text = str(lanes(seen))
    for name in ("http", "templates", "sql", "GET /departments/ -> 200", "base.html"):
        assert name in text


def test_a_failure_is_marked():
    def fails(sender, **kwargs):
        raise ValueError("no")

    bell.connect(fails)
    with watch(show=False) as seen, pytest.raises(ValueError, match="no"):
        bell.send(None)
    drawn = lanes(seen)
    assert [bar.failed for bar in drawn.bars] == [True, True]
    assert "fails !" in str(drawn)


def test_three_hundred_events_stay_readable(company):
    with watch(show=False) as seen:
        for number in range(150):
            Department.objects.filter(pk=number).count()
            Employee.objects.filter(pk=number).count()
    drawn = lanes(seen)
    assert drawn.steps == 300
    assert max(map(len, str(drawn).splitlines())) <= 90
    picture = drawn.png()
    assert picture.startswith(b"\x89PNG") and len(picture) < 200_000


def test_no_event_is_no_picture():
    with watch(show=False) as seen:
        pass
    assert lanes(seen)._repr_mimebundle_() == {"text/plain": "nothing to see"}


def test_hostile_names_are_only_text(company):
    with watch(show=False) as seen:
        bell.connect(lambda sender, **kwargs: None)
        bell.send("$<script>$ \\frac{")
    drawn = lanes(seen)
    assert drawn.png().startswith(b"\x89PNG")
