"""05.3 Who can we call? One to one, forward and in reverse, with holes."""

from __future__ import annotations

from accounts.models import Profile
from django.contrib.auth.models import User
from shop.models import Customer

from checks.ch05_from_n_plus_one_to_two import many_customers
from checks.common import rows
from checks.common.runs import failed
from tutor.judge.exercise import Exercise, Run


def login_without_profile() -> None:
    """a customer in Norway got a login, but no profile"""
    rows.customer(user=rows.login("wilma"))


def empty_phone() -> None:
    """a customer in Norway has a profile with an empty phone"""
    user = rows.login("vidar")
    Profile.objects.create(user=user)
    rows.customer(user=user)


contact_sheet = Exercise(
    "05.3",
    "Who can we call?",
    minutes=4,
    queries=1,
    changes=[login_without_profile, empty_phone, many_customers],
    hints=[
        "From the customer to the user, and from the user to the profile: each is one object.",
        "One-to-one relations can be joined in both directions, and one after the other.",
        "Both may be missing: customer.user is None, user.profile raises. Ask with hasattr.",
    ],
)


@contact_sheet.cases
def cases() -> object:
    return [("Ireland",), ("Norway",), ("United Kingdom",), ("Atlantis",)]


@contact_sheet.expects
def expected(country: str) -> object:
    users = dict(User.objects.values_list("pk", "username"))
    phones = dict(Profile.objects.values_list("user_id", "phone"))
    return [
        (each.name, users.get(each.user_id), phones.get(each.user_id))
        for each in Customer.objects.all()
        if each.country == country
    ]


@contact_sheet.mistake("Many customers have no login: customer.user is None there. Ask for that.")
def no_login(run: Run) -> bool:
    return failed(run, "AttributeError", "'NoneType'")


@contact_sheet.mistake(
    "Some users have no profile. Touching user.profile raises RelatedObjectDoesNotExist there: "
    "ask with hasattr first."
)
def no_profile(run: Run) -> bool:
    return failed(run, "RelatedObjectDoesNotExist")


@contact_sheet.mistake("Customers without a login are missing. They stay in the list, with None.")
def only_with_login(run: Run) -> bool:
    return any(username is None for _, username, _ in run.missing) and not run.unexpected


@contact_sheet.mistake("Customers with a login but without a profile are missing, or lost it.")
def only_with_profile(run: Run) -> bool:
    return bool(run.missing) and all(
        username is not None and phone is None for _, username, phone in run.missing
    )


@contact_sheet.mistake("An empty phone is not the same as no profile. Leave it as it stands: ''.")
def phone_or_none(run: Run) -> bool:
    return bool(run.missing) and all(phone == "" for *_, phone in run.missing)


@contact_sheet.mistake("Without a user or a profile the value is None, not a text.")
def other_filling(run: Run) -> bool:
    given = {tuple(x or None for x in row) for row in run.unexpected}
    wanted = {tuple(x or None for x in row) for row in run.missing}
    filled = {
        tuple(None if x in {"-", "none", "None"} else x for x in row) for row in run.unexpected
    }
    return bool(run.missing) and (given == wanted or filled == set(run.missing))


@contact_sheet.mistake("There are objects in your rows. Asked are the username and the phone.")
def objects_not_texts(run: Run) -> bool:
    return any(isinstance(value, User | Profile) for row in run.rows for value in row)


@contact_sheet.mistake(
    "A prefetch asks once for each step. Each step leads to one object: join them both."
)
def prefetch_of_one(run: Run) -> bool:
    return any(" IN (" in query.sql for query in run.seen.queries) and run.queries <= 3


@contact_sheet.mistake(
    "The user is joined, but each user's profile costs a query. The way goes on: user__profile."
)
def profile_of_each(run: Run) -> bool:
    return any(
        'FROM "accounts_profile"' in query.sql and query.params for query in run.seen.queries
    )


@contact_sheet.mistake("Each customer's user costs a query of its own: this is N+1.")
def user_of_each(run: Run) -> bool:
    return any('FROM "auth_user"' in query.sql for query in run.seen.queries)


@contact_sheet.mistake(
    "select_related follows relations by their names: from the customer user, "
    "from the user profile, with two underscores between."
)
def no_such_relation(run: Run) -> bool:
    return failed(run, "FieldError", "select_related")


@contact_sheet.right
def contact_values(country: str) -> object:
    there = Customer.objects.filter(country=country)
    return there.values_list("name", "user__username", "user__profile__phone")


@contact_sheet.right
def contact_hasattr(country: str) -> object:
    rows = []
    for each in Customer.objects.select_related("user", "user__profile"):
        if each.country == country:
            name = each.user.username if each.user else None
            has = each.user and hasattr(each.user, "profile")
            rows.append([each.name, name, each.user.profile.phone if has else None])
    return rows


@contact_sheet.right
def contact_raw(country: str) -> object:
    people = Customer.objects.raw(
        """
        SELECT c.id, c.name, u.username AS login, p.phone AS phone FROM shop_customer c
        LEFT JOIN auth_user u ON u.id = c.user_id
        LEFT JOIN accounts_profile p ON p.user_id = u.id WHERE c.country = %s
        """,
        [country],
    )
    return [(each.name, each.login, each.phone) for each in people]


@contact_sheet.wrong(no_login)
def contact_no_none(country: str) -> object:
    there = Customer.objects.filter(country=country).select_related("user__profile")
    return [(each.name, each.user.username, each.user.profile.phone) for each in there]


@contact_sheet.wrong(no_profile)
def contact_no_profile(country: str) -> object:
    there = Customer.objects.filter(country=country).select_related("user__profile")
    return [
        (
            each.name,
            each.user.username if each.user else None,
            each.user.profile.phone if each.user else None,
        )
        for each in there
    ]


@contact_sheet.wrong(only_with_login)
def contact_from_users(country: str) -> object:
    users = User.objects.filter(customer__country=country)
    return users.values_list("customer__name", "username", "profile__phone")


@contact_sheet.wrong(only_with_profile)
def contact_both_or_none(country: str) -> object:
    there = Customer.objects.filter(country=country).select_related("user__profile")
    return [
        (each.name, each.user.username, each.user.profile.phone)
        if hasattr(each.user, "profile")
        else (each.name, None, None)
        for each in there
    ]


@contact_sheet.wrong(phone_or_none)
def contact_falsy(country: str) -> object:
    there = Customer.objects.filter(country=country)
    rows = there.values_list("name", "user__username", "user__profile__phone")
    return [(name, username, phone or None) for name, username, phone in rows]


@contact_sheet.wrong(other_filling)
def contact_dashes(country: str) -> object:
    there = Customer.objects.filter(country=country)
    rows = there.values_list("name", "user__username", "user__profile__phone")
    return [
        (name, username or "-", "-" if phone is None else phone) for name, username, phone in rows
    ]


@contact_sheet.wrong(profile_of_each)
def contact_half(country: str) -> object:
    there = Customer.objects.filter(country=country).select_related("user")
    return [
        (
            each.name,
            each.user.username if each.user else None,
            each.user.profile.phone if hasattr(each.user, "profile") else None,
        )
        for each in there
    ]


@contact_sheet.wrong(user_of_each)
def contact_users_only(country: str) -> object:
    phones = dict(Profile.objects.values_list("user_id", "phone"))
    there = Customer.objects.filter(country=country)
    return [(c.name, c.user.username if c.user else None, phones.get(c.user_id)) for c in there]


@contact_sheet.wrong(objects_not_texts)
def contact_objects(country: str) -> object:
    there = Customer.objects.filter(country=country).select_related("user__profile")
    return [(each.name, each.user, getattr(each.user, "profile", None)) for each in there]


@contact_sheet.wrong(prefetch_of_one)
def contact_prefetched(country: str) -> object:
    rows = []
    for each in Customer.objects.filter(country=country).prefetch_related("user__profile"):
        profile = getattr(each.user, "profile", None)
        rows.append((each.name, each.user and each.user.username, profile and profile.phone))
    return rows


@contact_sheet.wrong(no_such_relation)
def contact_wrong_name(country: str) -> object:
    return list(Customer.objects.filter(country=country).select_related("user__phone"))
