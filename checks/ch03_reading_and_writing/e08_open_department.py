"""03.8 Open it, if it is not there: get_or_create and its defaults."""

from __future__ import annotations

from company.models import Department
from django.db import IntegrityError, transaction

from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def law() -> None:
    """Legal is called Law now"""
    Department.objects.filter(pk=8).update(name="Law")


open_department = Exercise(
    "03.8",
    "Open it, if it is not there",
    minutes=3,
    changes=[law],
    hints=[
        "There is one method for: find it, or else add it.",
        "get_or_create() returns the object, and whether it is new.",
        "Each argument of get_or_create() is part of the search, except defaults={...}.",
    ],
)


@open_department.cases
def cases() -> object:
    return [("Sales", "Cork", 1000), ("Legal", "Cork", 1000), ("Design", "Porto", 90_000)]


@open_department.check
def found_or_opened(run: Run) -> str | None:
    name, city, budget = run.arguments
    value = run.value
    if value is None:
        return "Your function returned nothing (None). Does it end with return?"
    if isinstance(value, Department):
        return "Your function returned the department only. Asked is a pair: and whether it is new."
    if not (isinstance(value, tuple | list) and len(value) == 2):
        return "Asked is a pair: the department, and True or False."
    department, is_new = value
    if not isinstance(department, Department) or not isinstance(is_new, bool | int):
        return "Asked is a pair: the department, and True or False."
    rows = list(Department.objects.filter(name=name))
    if not rows and Department.objects.filter(name="").exists():
        return (
            "The new department has no name. A search with a lookup, such as name__iexact, does "
            "not give the new row its name: put it into defaults, or search for name=."
        )
    if not rows:
        return f"There is no department {name} in the table. An object must be saved, too."
    row = rows[0]
    was_there = row.pk <= 8
    if was_there and (row.city == city or row.budget == budget):
        return f"{name} was there already, and you changed it. Leave it exactly as it is."
    if not was_there and (row.city != city or row.budget != budget):
        return f"{name} is new, but it has not got the city and the budget that were given."
    if department.pk != row.pk:
        return f"The department in your pair is not the one called {name}."
    if bool(is_new) == was_there:
        return f"Your pair says {is_new} for {name}. True means that it is new, False that it was there."
    return None


@open_department.mistake(
    "You searched for more than the name. The name was there, but with another city or budget: "
    "the search found nothing, and a second one was refused, since names are unique. "
    "Search for the name only; the rest belongs into defaults."
)
def all_in_the_search(run: Run) -> bool:
    selects = [q for q in run.seen.queries if q.sql.startswith("SELECT")]
    return failed(run, "IntegrityError") and any(
        '"budget" = ' in q.sql or '"city" = ' in q.sql for q in selects
    )


@open_department.mistake(
    "A department of this name is there already, and names are unique: look first."
)
def always_created(run: Run) -> bool:
    return failed(run, "IntegrityError", "UNIQUE") or failed(run, "IntegrityError", "unique")


@open_department.mistake("A new department needs its city and its budget: give them in defaults.")
def rest_not_given(run: Run) -> bool:
    return failed(run, "IntegrityError")


@open_department.mistake(
    "Nothing was searched for, so every department fits. The name is the search: name=name, "
    "outside of defaults."
)
def no_search(run: Run) -> bool:
    return failed(run, "MultipleObjectsReturned")


@open_department.mistake(
    "An error inside atomic() breaks the transaction: no query works until the block ends. "
    "Put the try outside the atomic block."
)
def opened_in_broken(run: Run) -> bool:
    return failed(run, "TransactionManagementError")


@open_department.mistake(
    "get() raises DoesNotExist when there is none. Catch it, or ask another way."
)
def get_raised(run: Run) -> bool:
    return failed(run, "DoesNotExist")


@open_department.right
def by_exception(name: str, city: str, budget: int) -> object:
    try:
        return Department.objects.get(name=name), False
    except Department.DoesNotExist:
        return Department.objects.create(name=name, city=city, budget=budget), True


@open_department.right
def by_first(name: str, city: str, budget: int) -> object:
    department = Department.objects.filter(name=name).first()
    if department:
        return [department, False]
    department = Department(name=name, city=city, budget=budget)
    department.save()
    return [department, True]


@open_department.right
async def by_await(name: str, city: str, budget: int) -> object:
    rest = {"city": city, "budget": budget}
    return await Department.objects.aget_or_create(name=name, defaults=rest)


@open_department.right
def only_for_the_new(name: str, city: str, budget: int) -> object:
    rest = {"city": city, "budget": budget}
    return Department.objects.update_or_create(name=name, defaults={}, create_defaults=rest)


@open_department.wrong(all_in_the_search)
def no_defaults(name: str, city: str, budget: int) -> object:
    return Department.objects.get_or_create(name=name, city=city, budget=budget)


@open_department.wrong(always_created)
def create_at_once(name: str, city: str, budget: int) -> object:
    return Department.objects.create(name=name, city=city, budget=budget), True


@open_department.wrong(all_in_the_search)
def city_in_the_search(name: str, city: str, budget: int) -> object:
    return Department.objects.get_or_create(name=name, city=city, defaults={"budget": budget})


@open_department.wrong(rest_not_given)
def name_alone(name: str, city: str, budget: int) -> object:
    return Department.objects.get_or_create(name=name)


@open_department.wrong(no_search)
def all_in_defaults(name: str, city: str, budget: int) -> object:
    everything = {"name": name, "city": city, "budget": budget}
    return Department.objects.get_or_create(defaults=everything)


@open_department.wrong(opened_in_broken)
def try_inside(name: str, city: str, budget: int) -> object:
    with transaction.atomic():
        try:
            return Department.objects.create(name=name, city=city, budget=budget), True
        except IntegrityError:
            return Department.objects.get(name=name), False


@open_department.wrong("The new department has no name")
def found_by_lookup(name: str, city: str, budget: int) -> object:
    rest = {"city": city, "budget": budget}
    return Department.objects.get_or_create(name__iexact=name, defaults=rest)


@open_department.wrong("Your function returned nothing (None)")
def opened_silently(name: str, city: str, budget: int) -> None:
    rest = {"city": city, "budget": budget}
    Department.objects.get_or_create(name=name, defaults=rest)


@open_department.wrong(get_raised)
def get_only(name: str, city: str, budget: int) -> object:
    return Department.objects.get(name=name), False


@open_department.wrong("Sales was there already, and you changed it")
def updated_as_well(name: str, city: str, budget: int) -> object:
    rest = {"city": city, "budget": budget}
    return Department.objects.update_or_create(name=name, defaults=rest)


@open_department.wrong("Asked is a pair: and whether it is new")
def without_the_word(name: str, city: str, budget: int) -> object:
    rest = {"city": city, "budget": budget}
    return Department.objects.get_or_create(name=name, defaults=rest)[0]


@open_department.wrong("True means that it is new")
def other_way_round(name: str, city: str, budget: int) -> object:
    rest = {"city": city, "budget": budget}
    department, is_new = Department.objects.get_or_create(name=name, defaults=rest)
    return department, not is_new


@open_department.wrong("An object must be saved, too")
def never_saved(name: str, city: str, budget: int) -> object:
    department = Department.objects.filter(name=name).first()
    return department or Department(name=name, city=city, budget=budget), not department


@open_department.wrong("Asked is a pair: the department, and True or False")
def names_only(name: str, city: str, budget: int) -> object:
    department, _ = Department.objects.get_or_create(name=name, defaults={"budget": budget})
    return department.name, True


@open_department.wrong("it has not got the city and the budget")
def city_forgotten(name: str, city: str, budget: int) -> object:
    return Department.objects.get_or_create(name=name, defaults={"budget": budget})
