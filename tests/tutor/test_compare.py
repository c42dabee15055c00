"""What counts as the same value: the kinds of lists and rows that a learner may return."""

import pytest
from django.core.paginator import Paginator

from tutor.judge.compare import difference, materialize


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ([1, 2], (2, 1)),
        ([1, 2], {2, 1}),
        ([("Ann", 3)], [["Ann", 3]]),
        ([("Ann", 3)], {"Ann": 3}.items()),
        (["Ann"], {"Ann": 3}.keys()),
        ([("Sales", ["Ann", "Ben"])], [("Sales", ("Ben", "Ann"))]),
        ({"Sales": ["Ann", "Ben"]}, {"Sales": ("Ben", "Ann")}),
        ({"Sales": [("Ann", 3)]}, {"Sales": [["Ann", 3]]}),
        ((1, ["a", "b"]), [1, {"b", "a"}]),
        ([], ()),
        ([1, 2], Paginator([2, 1, 3], 2).page(1)),
    ],
)
def test_the_same(expected, value):
    assert difference(expected, materialize(value), ordered=False) is None


def test_raw_rows(db):
    from company.models import Skill

    Skill.objects.create(name="Listening")
    rows = materialize(Skill.objects.raw("SELECT * FROM company_skill"))
    assert difference(list(Skill.objects.all()), rows, ordered=False) is None


@pytest.mark.parametrize(
    ("expected", "value", "says"),
    [
        ([1, 2], [2, 3], "As many rows as asked, but not the right ones. Missing: 1."),
        ([1, 2], [2], "1 row in place of 2. Missing: 1."),
        ([("Ann", 3)], [("Ann",)], "Each row should have 2 values"),
        ({"Sales": ["Ann"]}, {"Sales": ("Ben",)}, "Under 'Sales': As many rows as asked"),
        ([1, 2], [1, 2, 2], "More often than asked: 2."),
    ],
)
def test_what_is_different(expected, value, says):
    assert says in (difference(expected, materialize(value), ordered=False) or "")


def test_order_counts_only_where_it_is_asked_for():
    assert difference([1, 2], (2, 1), ordered=True)
    assert difference([1, 2], (1, 2), ordered=True) is None
