"""12.5 A box for each: what belongs into the key of a fragment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.template import Context, Template

from checks.ch12_caching_pages import WEB, shift
from glass import watch
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

PIECES = [
    "{{ user.username }} has {{ orders.count }} orders, in {{ currency }}",
    "<b>{{ orders.count }}</b> of {{ user.username }} ({{ currency }})",
]


@dataclass
class Shown:
    """One rendering: for whom, in which currency, what came out, what should have."""

    user: str
    currency: str
    after: int
    hit: bool
    text: str
    due: str
    queries: int

    @property
    def wrong(self) -> bool:
        return self.text != self.due or (self.queries > 0) is self.hit


RENDERINGS = [
    ("ann", "EUR", 0, False),
    ("ann", "EUR", 0, True),
    ("ben", "EUR", 0, False),
    ("ann", "USD", 0, False),
    ("", "EUR", 0, False),
    ("ben", "EUR", 0, True),
    ("ann", "USD", 590, True),
    ("ann", "USD", 610, False),
]


fragment = Exercise(
    "12.5",
    "A box for each",
    minutes=5,
    layers=WEB,
    hints=[
        "A template that uses {% cache %} begins with {% load cache %}.",
        "After the seconds and the name come arguments: everything that makes the piece another.",
        (
            "Two things differ: the user and the currency. Write user.pk and currency after the name, "
            "and put the piece between {% cache ... %} and {% endcache %}."
        ),
    ],
)


@fragment.cases
def cases() -> object:
    return [(piece,) for piece in PIECES]


@fragment.check
def check(run: Run) -> str | None:
    if not isinstance(run.value, str | Template):
        return f"Asked is the text of a template. Yours is {compare.shown(run.value)}."
    (piece,) = run.arguments
    shown: list[Shown] = []
    try:
        template = Template(str(run.value)) if isinstance(run.value, str) else run.value
        for name, currency, after, hit in RENDERINGS:
            user = User.objects.get(username=name) if name else AnonymousUser()
            orders = User.objects.filter(username__lte=name)  # Any rows will do.
            context = {"user": user, "currency": currency, "orders": orders}
            due = Template(piece).render(Context(context)).strip()
            with shift(after), watch("sql", show=False) as seen:
                text = template.render(Context(context)).strip()
            shown.append(Shown(name, currency, after, hit, text, due, len(seen.queries)))
    except Exception as error:  # noqa: BLE001 Whatever is wrong with the template is said.
        return f"Django cannot use your template: {type(error).__name__}: {error}"
    run.value = shown
    for each in shown:
        if each.text != each.due:
            return f"It shows {each.text!r}, and should show {each.due!r}."
        if each.queries and each.hit:
            return f"{each.due!r} was shown before, and made again: it asked the database."
        if not each.queries and not each.hit:
            return f"{each.due!r} is shown for more than ten minutes."
    return None


def first_wrong(run: Run) -> Shown:
    return next(each for each in run.value if each.wrong)


@fragment.mistake(
    "One user reads the box of another. The key of a fragment is its name and the arguments after "
    "it; the user must be one of them. The context has `user`, and no `request`."
)
def box_of_another(run: Run) -> bool:
    each = first_wrong(run)
    return each.text in [other.due for other in run.value if other.user != each.user]


@fragment.mistake("Dollars are shown as euros: the currency must be an argument of the tag, too.")
def other_currency(run: Run) -> bool:
    each = first_wrong(run)
    return each.text in [other.due for other in run.value if other.currency != each.currency]


@fragment.mistake("Ten minutes are 600 seconds. The tag wants seconds.")
def box_other_time(run: Run) -> bool:
    return first_wrong(run).after > 0


@fragment.mistake(
    "The box asks the database each time. Is {% cache %} around it? An argument of the tag that "
    "asks the database, such as orders.count, asks each time, too."
)
def box_not_kept(run: Run) -> bool:
    return all(each.queries and each.text == each.due for each in run.value)


@fragment.right
def with_username(piece: str) -> object:
    return (
        "{% load cache %}{% cache 600 orders currency user.username %}" + piece + "{% endcache %}"
    )


@fragment.right
def over_lines(piece: str) -> object:
    return f"""
    {{% load cache %}}
    {{% cache 600 box user currency using="default" %}}
        {piece}
    {{% endcache %}}"""


@fragment.right
def ready_template(piece: str) -> object:
    return Template(
        f"{{% load cache %}}{{% cache 600 b user.pk currency %}}{piece}{{% endcache %}}"
    )


def boxed(name: str, tag: str) -> Callable[[str], object]:
    """An answer of this name, with this tag around the piece."""

    def answer(piece: str) -> object:
        return "{% load cache %}{% " + tag + " %}" + piece + "{% endcache %}"

    answer.__name__ = name
    return answer


fragment.wrong(box_of_another)(boxed("only_a_name", "cache 600 box"))


fragment.wrong(box_of_another)(boxed("only_the_currency", "cache 600 box currency"))


fragment.wrong(box_of_another)(boxed("by_request", "cache 600 box request.user.pk currency"))


fragment.wrong(box_of_another)(boxed("a_text", 'cache 600 box "user.pk" currency'))


fragment.wrong(other_currency)(boxed("only_the_user", "cache 600 box user.pk"))


fragment.wrong(box_other_time)(boxed("ten_seconds", "cache 10 box user.pk currency"))


fragment.wrong(box_not_kept)(boxed("a_number", "cache 600 box user.pk currency orders.count"))


@fragment.wrong(box_not_kept)
def the_piece_alone(piece: str) -> object:
    return piece


@fragment.wrong("Django cannot use your template: TemplateSyntaxError")
def not_loaded(piece: str) -> object:
    return "{% cache 600 box user.pk currency %}" + piece + "{% endcache %}"


@fragment.wrong("Django cannot use your template: TemplateSyntaxError")
def not_ended(piece: str) -> object:
    return "{% load cache %}{% cache 600 box user.pk currency %}" + piece
