"""10.6 By mail: no request, and no HTML."""

from __future__ import annotations

from html import unescape
from typing import Any

from django.contrib.auth.models import User
from django.template import Context, Template
from notifications.models import Notice

from checks.ch10_one_value_everywhere import more_notices
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

MAIL = """Dear {{ user.get_full_name }},
you have {{ number }} unread notice{{ number|pluralize }}.
{% for notice in notices %}- {{ notice.text }}
{% endfor %}"""


mail_text = Exercise(
    "10.6",
    "By mail",
    minutes=5,
    queries=2,
    changes=[more_notices],
    hints=[
        "No request means no processors: pass user, number and notices yourself.",
        "Template(MAIL).render(Context({...})) escapes what it prints. Context can be told not to.",
        "Context(values, autoescape=False) is for plain text, and for nothing else.",
    ],
)


@mail_text.cases
def cases() -> list[tuple[User]]:
    names = ["ann", "ben", "admin", "kofi", "dara"]
    return [(User.objects.get(username=name),) for name in names]


def letter(to: User) -> list[str]:
    notices = list(Notice.objects.filter(user=to.pk, read_at=None).order_by("-created_at", "-pk"))
    number = len(notices)
    return [
        f"Dear {to.first_name} {to.last_name},",
        f"you have {number} unread notice{'' if number == 1 else 's'}.",
        *[f"- {notice.text}" for notice in notices],
    ]


@mail_text.check
def check(run: Run) -> str | None:
    if run.value is None:
        return "Your function returned nothing (None). Does it end with return?"
    if not isinstance(run.value, str):
        return f"Asked is a text; your function returned {compare.shown(run.value)}."
    lines = letter(run.arguments[0])
    if run.value.split() == " ".join(lines).split():
        return None
    said = [line for part in run.value.splitlines() if (line := " ".join(part.split()))]
    for line in lines:
        if line not in said:
            return f"A line is missing or another one: {line!r}. Your mail says: {said}"
    return f"The mail says more than asked, or in another order: {said}"


@mail_text.mistake(
    "The mail is plain text, but it was escaped as if it was HTML. Context(..., "
    "autoescape=False), or {% autoescape off %} in the template, turns that off."
)
def escaped(run: Run) -> bool:
    return "&#x27;" in run.value or "&amp;" in run.value


@mail_text.mistake(
    "A name of the template has no value, and missing is silent. There is no processor without "
    "a request: pass user, number and notices, all three."
)
def name_missing(run: Run) -> bool:
    text = " ".join(run.value.split())
    return (
        "Dear ," in text or "you have unread" in text or ("have 0" not in text and "-" not in text)
    )


@mail_text.mistake("Template(text) wants its values in a Context: render(Context({...})).")
def no_context_object(run: Run) -> bool:
    return "has no attribute 'render_context'" in str(run.error)


@mail_text.mistake("Only the unread notices are asked for: those whose read_at is None.")
def read_ones_too(run: Run) -> bool:
    own = Notice.objects.filter(user=run.arguments[0].pk)
    return all(notice.text in run.value for notice in own) and own.exclude(read_at=None).exists()


@mail_text.right
def autoescape_off(user: Any) -> object:
    notices = list(Notice.objects.of(user).unread())
    values = {"user": user, "number": len(notices), "notices": notices}
    text = "{% autoescape off %}" + MAIL + "{% endautoescape %}"
    return Template(text).render(Context(values))


@mail_text.right
def unescaped_again(user: Any) -> object:
    notices = list(Notice.objects.filter(user=user).unread())
    values = {"user": user, "number": len(notices), "notices": notices}
    return unescape(Template(MAIL).render(Context(values)))


@mail_text.wrong(escaped)
def as_html(user: Any) -> object:
    notices = list(user.notices.unread())
    values = {"user": user, "number": len(notices), "notices": notices}
    return Template(MAIL).render(Context(values))


@mail_text.wrong(name_missing)
def trust_in_processors(user: Any) -> object:
    return Template(MAIL).render(Context({"notices": user.notices.unread()}, autoescape=False))


@mail_text.wrong(name_missing)
def without_number(user: Any) -> object:
    values = {"user": user, "notices": user.notices.unread()}
    return Template(MAIL).render(Context(values, autoescape=False))


@mail_text.wrong(no_context_object)
def only_a_dictionary(user: Any) -> object:
    return Template(MAIL).render({"user": user, "number": 0})


@mail_text.wrong(read_ones_too)
def every_notice(user: Any) -> object:
    notices = list(user.notices.all())
    values = {"user": user, "number": len(notices), "notices": notices}
    return Template(MAIL).render(Context(values, autoescape=False))


@mail_text.wrong("The mail says more than asked, or in another order")
def oldest_first(user: Any) -> object:
    notices = list(user.notices.unread().order_by("created_at"))
    values = {"user": user, "number": len(notices), "notices": notices}
    return Template(MAIL).render(Context(values, autoescape=False))


@mail_text.wrong("The result is right, but it took 3 queries. 2 are enough.")
def a_function(user: Any) -> object:
    notices = user.notices.unread()
    values = {"user": user, "number": notices.count, "notices": notices}
    return Template(MAIL).render(Context(values, autoescape=False))
