"""03.9 The list from the fair: an upsert."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection, transaction
from shop.models import Customer

from checks.common import rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run

_TODAY = date(2026, 3, 2)
_before: dict[str, dict[str, Any]] = {}


def nothing_new() -> None:
    """one of the new people has become a customer already"""
    rows.customer(name="I. Larsen", email="ida.larsen@example.com", birthday="1991-01-01")


import_customers = Exercise(
    "03.9",
    "The list from the fair",
    minutes=4,
    queries=3,
    changes=[nothing_new],
    hints=[
        "One row, one query is too many. bulk_create() makes one INSERT of many objects.",
        "A known e-mail address is a conflict with a unique column. What can a conflict become?",
        "update_conflicts=True wants unique_fields and update_fields: which may change?",
    ],
)


@import_customers.cases
def cases() -> object:
    _before.clear()
    _before.update({row["email"]: row for row in Customer.objects.values()})
    rows = [
        ("Ida Larsen", "ida.larsen@example.com", "Bergen", "Norway"),
        ("Ann O'Brien-Walsh", "ann.obrien@example.com", "Galway", "Ireland"),
        ("Tom Achterberg", "tom.achterberg@example.org", "Utrecht", "Netherlands"),
        ("Dara Byrne", "dara.byrne@example.com", "Lyon", "France"),
    ]
    names = ("name", "email", "city", "country")
    return [([dict(zip(names, row, strict=True)) for row in rows], _TODAY)]


@import_customers.check
def imported(run: Run) -> str | None:
    rows, today = run.arguments
    now = {row["email"]: row for row in Customer.objects.values()}
    for row in rows:
        email = row["email"]
        if email not in now:
            return f"{row['name']} ({email}) is not in the table."
        if sentence := _imported(row, _before.get(email), now[email], today):
            return sentence
    given = {row["email"] for row in rows}
    if any(now.get(email) != row for email, row in _before.items() if email not in given):
        return "Customers who are not in the list have changed, or are gone. Leave them alone."
    if len(now) > len(_before.keys() | given):
        return "There are customers now who are not in the list."
    return None


def _imported(
    row: dict[str, str], old: dict[str, Any] | None, new: dict[str, Any], today: date
) -> str | None:
    email = row["email"]
    if old is None and new["joined_on"] != today:
        return f"{email} is new, and should have joined today: {today}."
    if old and new["id"] != old["id"]:
        return f"{email} has another primary key now: the old row was deleted. Change it instead."
    if old and new["joined_on"] != old["joined_on"]:
        return (
            f"{email} was a customer already, but joined_on is today now. "
            "It is only for new customers."
        )
    if any(new[name] != row[name] for name in ("name", "city", "country")):
        return f"{email} still has the old name, city or country. The list knows better."
    if old and {**old, **row} != new:
        return f"Other columns of {email} have changed. Only name, city and country may."
    return None


@import_customers.mistake(
    "Each row of the list costs queries of its own. Build the objects first, then send them at once."
)
def one_by_one(run: Run) -> bool:
    return run.error is None and run.queries > 3 and run.queries >= len(run.arguments[0])


@import_customers.mistake(
    "Somebody in the list is a customer already, and the e-mail address must be unique."
)
def known_inserted_again(run: Run) -> bool:
    return failed(run, "IntegrityError", "email")


@import_customers.mistake(
    "A new customer needs a day in joined_on: the database takes no row without."
)
def no_day(run: Run) -> bool:
    return failed(run, "IntegrityError", "joined_on")


@import_customers.mistake(
    "bulk_create() must know which column can conflict (unique_fields), "
    "and which columns are to be changed then (update_fields)."
)
def incomplete_upsert(run: Run) -> bool:
    return failed(run, "ValueError", "conflict") or failed(run, "ValueError", "upsert")


@import_customers.mistake(
    "Only a unique column can be in conflict. Which column says that two rows are the same person?"
)
def not_unique(run: Run) -> bool:
    return failed(run, "OperationalError", "ON CONFLICT") or failed(
        run, "ProgrammingError", "ON CONFLICT"
    )


@import_customers.mistake("bulk_create() wants objects, Customer(...), and not dictionaries.")
def dictionaries(run: Run) -> bool:
    return failed(run, "AttributeError", "'dict' object")


@import_customers.mistake(
    "bulk_update() changes objects that were read, and these have no primary key. "
    "Read those that are there, or let bulk_create() turn conflicts into updates."
)
def nothing_read(run: Run) -> bool:
    return failed(run, "ValueError", "primary key set")


@import_customers.mistake(
    "Deleting a customer who has orders is refused: what they bought belongs to them. Change the row."
)
def deleted_first(run: Run) -> bool:
    return failed(run, "ProtectedError")


@import_customers.right
def known_and_new(rows: list[dict[str, str]], today: date) -> None:
    known = Customer.objects.in_bulk([row["email"] for row in rows], field_name="email")
    for row in rows:
        for name, value in row.items():
            if row["email"] in known:
                setattr(known[row["email"]], name, value)
    new = [Customer(**row, joined_on=today) for row in rows if row["email"] not in known]
    with transaction.atomic():
        Customer.objects.bulk_create(new)
        Customer.objects.bulk_update(known.values(), ["name", "city", "country"])


@import_customers.right
def upsert_by_sql(rows: list[dict[str, str]], today: date) -> None:
    columns = "name, email, city, country, joined_on"
    same = ", ".join(f"{name} = excluded.{name}" for name in ("name", "city", "country"))
    places = ", ".join(["(%s, %s, %s, %s, %s)"] * len(rows))
    values: list[Any] = [value for row in rows for value in (*row.values(), today)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO shop_customer ({columns}) VALUES {places} "
            f"ON CONFLICT (email) DO UPDATE SET {same}",
            tuple(values),
        )


@import_customers.right
async def upsert_awaited(rows: list[dict[str, str]], today: date) -> None:
    await Customer.objects.abulk_create(
        [Customer(joined_on=today, **row) for row in rows],
        update_conflicts=True,
        unique_fields=["email"],
        update_fields=["name", "email", "city", "country"],
    )


@import_customers.wrong(one_by_one)
def row_by_row(rows: list[dict[str, str]], today: date) -> None:
    for row in rows:
        rest = {name: row[name] for name in ("name", "city", "country")}
        new = rest | {"joined_on": today}
        Customer.objects.update_or_create(email=row["email"], defaults=rest, create_defaults=new)


@import_customers.wrong("joined_on is today now")
def joined_again(rows: list[dict[str, str]], today: date) -> None:
    Customer.objects.bulk_create(
        [Customer(**row, joined_on=today) for row in rows],
        update_conflicts=True,
        unique_fields=["email"],
        update_fields=["name", "city", "country", "joined_on"],
    )


@import_customers.wrong("Other columns of ann.obrien@example.com have changed")
def birthday_lost(rows: list[dict[str, str]], today: date) -> None:
    Customer.objects.bulk_create(
        [Customer(**row, joined_on=today) for row in rows],
        update_conflicts=True,
        unique_fields=["email"],
        update_fields=["name", "city", "country", "birthday"],
    )


@import_customers.wrong("still has the old name, city or country")
def ignored(rows: list[dict[str, str]], today: date) -> None:
    new = [Customer(**row, joined_on=today) for row in rows]
    Customer.objects.bulk_create(new, ignore_conflicts=True)


@import_customers.wrong(known_inserted_again)
def only_inserted(rows: list[dict[str, str]], today: date) -> None:
    Customer.objects.bulk_create([Customer(**row, joined_on=today) for row in rows])


@import_customers.wrong(no_day)
def day_forgotten(rows: list[dict[str, str]], today: date) -> None:
    Customer.objects.bulk_create(
        [Customer(**row) for row in rows],
        update_conflicts=True,
        unique_fields=["email"],
        update_fields=["name", "city", "country"],
    )


@import_customers.wrong(incomplete_upsert)
def no_unique_fields(rows: list[dict[str, str]], today: date) -> None:
    new = [Customer(**row, joined_on=today) for row in rows]
    Customer.objects.bulk_create(new, update_conflicts=True, update_fields=["name", "city"])


@import_customers.wrong(incomplete_upsert)
def no_update_fields(rows: list[dict[str, str]], today: date) -> None:
    new = [Customer(**row, joined_on=today) for row in rows]
    Customer.objects.bulk_create(new, update_conflicts=True, unique_fields=["email"])


@import_customers.wrong(not_unique)
def same_name(rows: list[dict[str, str]], today: date) -> None:
    Customer.objects.bulk_create(
        [Customer(**row, joined_on=today) for row in rows],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["city", "country"],
    )


@import_customers.wrong(dictionaries)
def rows_as_they_are(rows: list[Any], today: date) -> None:
    Customer.objects.bulk_create(rows)


@import_customers.wrong(nothing_read)
def only_updated(rows: list[dict[str, str]], today: date) -> None:
    new = [Customer(**row, joined_on=today) for row in rows]
    Customer.objects.bulk_update(new, ["name", "city", "country"])


@import_customers.wrong("still has the old name, city or country")
def country_forgotten(rows: list[dict[str, str]], today: date) -> None:
    Customer.objects.bulk_create(
        [Customer(**row, joined_on=today) for row in rows],
        update_conflicts=True,
        unique_fields=["email"],
        update_fields=["name", "city"],
    )


@import_customers.wrong(deleted_first)
def deleted_and_inserted(rows: list[dict[str, str]], today: date) -> None:
    Customer.objects.filter(email__in=[row["email"] for row in rows]).delete()
    Customer.objects.bulk_create([Customer(**row, joined_on=today) for row in rows])


@import_customers.wrong("(ida.larsen@example.com) is not in the table")
def only_the_known(rows: list[dict[str, str]], today: date) -> None:
    known = Customer.objects.in_bulk([row["email"] for row in rows], field_name="email")
    for row in rows:
        if row["email"] in known:
            known[row["email"]].name = row["name"]
    Customer.objects.bulk_update(known.values(), ["name"])
