"""The rows: what they are, that the script makes them, and that the command loads them."""

import csv
import shutil
import subprocess
import sys
from collections import Counter
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from accounts.models import Profile
from company.management.commands.load_data import TABLES
from company.models import Assignment, Department, Employee, Project, Skill
from django.conf import settings
from django.contrib.auth.hashers import check_password, get_hasher
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from notifications.models import Notice
from shop.models import Category, Customer, Invoice, Order, OrderLine, Product, Review
from subscriptions.models import Membership


def test_the_script_writes_the_same_bytes_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, settings.DATA_DIR / "make_data.py", tmp_path], check=True)
    stored = {path.name: path.read_bytes() for path in settings.DATA_DIR.glob("*.csv")}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == stored
    assert set(stored) == set(TABLES)


def test_the_readme_names_each_file_and_column() -> None:
    readme = (settings.DATA_DIR / "README.md").read_text(encoding="utf-8")
    for path in settings.DATA_DIR.glob("*.csv"):
        with path.open(encoding="utf-8") as file:
            header = next(csv.reader(file))
        line = next(line for line in readme.splitlines() if f"`{path.name}`" in line)
        assert ", ".join(header) in line


def test_counts(rows: str) -> None:
    counts = {model: model.objects.count() for model in TABLES.values()}
    assert counts == {
        User: 12,
        Profile: 6,
        Department: 8,
        Skill: 12,
        Employee: 60,
        Employee.skills.through: 134,
        Project: 20,
        Assignment: 88,
        Customer: 120,
        Category: 12,
        Product: 80,
        Order: 400,
        OrderLine: 1000,
        Review: 150,
        Notice: 38,
        Membership: 55,
    }
    assert rows == f"Loaded {sum(counts.values()):,} rows into {len(counts)} tables.\n"


def test_three_levels_of_management(rows: str) -> None:
    chief = Employee.objects.get(manager=None)
    assert chief.department is None
    assert chief.reports.count() == 8
    assert Employee.objects.filter(manager__manager=chief).count() == 51
    assert not Employee.objects.filter(manager__manager__manager__isnull=False).exists()


def test_departments_differ_in_size(rows: str) -> None:
    sizes = Counter(Employee.objects.values_list("department__name", flat=True))
    assert sizes == {
        "Engineering": 16,
        "Sales": 12,
        "Operations": 10,
        "Customer Support": 8,
        "Marketing": 5,
        "Research & Development": 4,
        "Finance": 3,
        None: 2,
    }
    assert Department.objects.get(employees=None).name == "Legal"


def test_awkward_rows(rows: str) -> None:
    names = set(Customer.objects.values_list("name", flat=True))
    assert {"Ann O'Brien", "נועם לוי", "عمر الفاروق"} <= names
    assert Employee.objects.filter(name="ليلى حداد").exists()
    assert "Mallory <script>alert(1)</script>" in names
    assert Review.objects.filter(text="<script>alert(1)</script>").count() == 1
    assert Customer.objects.filter(name="María García").count() == 2
    assert Customer.objects.get(birthday__month=2, birthday__day=29).name == "Cleo Papadakis"
    assert Customer.objects.filter(birthday=None).exists()
    assert Employee.objects.filter(birthday=None).exists()
    assert Order.objects.get(lines=None).number == "2026-0031"
    assert Project.objects.get(members=None).name == "Night Deliveries"
    assert Skill.objects.get(employees=None).name == "Bookbinding"
    assert Customer.objects.filter(orders=None).exists()
    assert Product.objects.filter(order_lines=None).count() == 3
    assert Product.objects.filter(stock=0).count() == 4
    assert User.objects.filter(profile=None).count() == 6
    assert Notice.objects.filter(text__contains="<script>alert(1)</script>").count() == 1
    assert User.objects.get(notices=None).username == "kofi"


def test_the_rows_make_sense(rows: str) -> None:
    today = date(2026, 3, 2)
    for order in Order.objects.select_related("customer", "seller"):
        assert order.customer.joined_on < order.placed_at.date() <= today
        assert order.number.startswith(f"{order.placed_at.year}-")
        assert order.seller is None or order.seller.hired_on < order.placed_at.date()
    assert not Review.objects.filter(written_on__gt=today).exists()
    bought = set(OrderLine.objects.values_list("product", "order__customer"))
    assert set(Review.objects.values_list("product", "customer")) <= bought


def test_everybody_logs_in_with_the_same_password_and_no_hash_is_renewed(rows: str) -> None:
    (hashed,) = set(User.objects.values_list("password", flat=True))
    assert check_password("under-glass", hashed)
    assert not get_hasher().must_update(hashed)
    assert User.objects.get(is_superuser=True).username == "admin"


def test_new_rows_get_keys_of_their_own(rows: str) -> None:
    # Other tests in this process may have used up some keys.
    assert Department.objects.create(name="Archive", city="Cork", budget=0).pk > 8
    assert User.objects.create(username="lena").pk > 12
    Employee.objects.get(pk=1).skills.add(12)


def test_a_filled_database_is_refused(rows: str) -> None:
    Department.objects.filter(name="Legal").update(city="Galway")
    with pytest.raises(CommandError, match=r"rows in the database already.*--replace"):
        call_command("load_data")
    assert Department.objects.get(name="Legal").city == "Galway"


def test_replace_starts_afresh(rows: str) -> None:
    Department.objects.filter(name="Legal").update(city="Galway")
    Customer.objects.create(name="New", email="new@example.com", joined_on=date(2026, 3, 1))
    call_command("load_data", "--replace", stdout=StringIO())
    assert Department.objects.get(name="Legal").city == "Dublin"
    assert Customer.objects.count() == 120


def test_replace_deletes_what_the_shop_wrote_beside_the_files(rows: str) -> None:
    Invoice.objects.create(order=Order.objects.earliest("pk"), total=1)
    call_command("load_data", "--replace", stdout=StringIO())
    assert not Invoice.objects.exists()


@pytest.fixture
def copy(db: None, tmp_path: Path, settings) -> Path:  # type: ignore[no-untyped-def]
    """A copy of data/ to spoil."""
    settings.DATA_DIR = shutil.copytree(settings.DATA_DIR, tmp_path / "data")
    return settings.DATA_DIR


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("departments.csv", "2400000.00", "much", r"departments\.csv, line 2, budget: .*decimal"),
        ("departments.csv", "city", "town", r"departments\.csv, line 1: no column .*'town'.*city"),
        ("departments.csv", "2,Sales,Dublin", "2,Sales", r"departments\.csv, line 3: .* 4 columns"),
        ("departments.csv", "2,Sales", "2,Engineering", r"departments\.csv, line 3: .*(?i:unique)"),
        ("departments.csv", "Engineering", '"Engi"n', r"departments\.csv, line 2: ',' expected"),
        ("employees.csv", ",182000,", ",-5,", r"employees\.csv, line 2, salary: .*greater"),
        ("employees.csv", "2015-09-01", "01/09/15", r"employees\.csv, line 2, hired_on: .*date"),
        ("employees.csv", ",True,1,1\n", ",True,one,1\n", r"employees\.csv, line 3, department_id"),
        ("orders.csv", "shipped", "lost", r"orders\.csv, line 2, status: .*lost"),
        ("reviews.csv", ",5,", ",6,", r"reviews\.csv, line \d+, rating: .*5"),
        ("assignments.csv", "88,", "87,", r"assignments\.csv, line 89: .*(?i:unique)"),
    ],
)
def test_a_spoilt_file_is_named_with_its_line(
    copy: Path, file: str, old: str, new: str, said: str
) -> None:
    path = copy / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="\n")
    with pytest.raises(CommandError, match=said):
        call_command("load_data")
    assert not User.objects.exists()


def test_a_reference_to_nothing_is_refused(copy: Path) -> None:
    path = copy / "products.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("HER-001,5,", "HER-001,99,"), "utf-8")
    with pytest.raises(CommandError, match=r"(?s)disagree.*category_id.*99"):
        call_command("load_data")
    assert not User.objects.exists()


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "orders.csv").unlink()
    with pytest.raises(CommandError, match=r"orders\.csv is missing.*make_data\.py"):
        call_command("load_data")


def test_another_encoding_is_refused(copy: Path) -> None:
    path = copy / "customers.csv"
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-16")
    with pytest.raises(CommandError, match=r"customers\.csv is not UTF-8"):
        call_command("load_data")


def more(number: int) -> str:
    out = StringIO()
    call_command("more_employees", number, stdout=out)
    return out.getvalue()


def test_more_employees_are_always_the_same_ones(rows: str) -> None:
    assert more(300) == "360 employees, 300 of them additional.\n"
    first = list(Employee.objects.filter(pk__gt=60).values_list("name", "email", "salary"))
    Employee.objects.filter(pk__gt=60).delete()
    more(120)
    assert more(300) == "360 employees, 300 of them additional.\n"
    second = Employee.objects.order_by("pk").reverse()[:300].values_list("name", "email", "salary")
    assert sorted(second) == sorted(first)
    assert len({email for _, email, _ in first}) == 300


def test_more_employees_run_again_adds_nothing(rows: str) -> None:
    assert more(50) == more(50) == "110 employees, 50 of them additional.\n"


def test_more_employees_says_what_is_missing(db: None) -> None:
    with pytest.raises(CommandError, match=r"no departments yet.*load_data"):
        more(10)
    with pytest.raises(CommandError, match="-1 is too few"):
        more(-1)


def test_more_employees_does_not_take_any_away(rows: str) -> None:
    more(20)
    with pytest.raises(CommandError, match="20 additional employees already"):
        more(10)
