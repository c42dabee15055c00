"""01.6 A list that can be empty: templates as text."""

from __future__ import annotations

from django.template import Context, Template, TemplateSyntaxError
from shop.models import Customer

from checks.ch01_one_request import PROGRAM
from checks.common import pages
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

SIGNED_UP = "Nobody has signed up."
MALLORY = f"Mallory <script>{PROGRAM}</script>"


guest_list = Exercise(
    "01.6",
    "A list that can be empty",
    minutes=4,
    hints=[
        "The function returns a text with holes, nothing else. The check fills the holes.",
        "{% for customer in customers %} begins the loop, {% endfor %} ends it.",
        "{% empty %} stands before {% endfor %}; after it comes the sentence for an empty list.",
    ],
)


@guest_list.check
def check(run: Run) -> str | None:
    text = run.value
    if text is None:
        return "Your function returned nothing (None). Does it end with return?"
    text = getattr(text, "template", text)  # What engines and get_template return has one inside.
    if not isinstance(text, str | Template):
        return f"Asked is the text of a template; your function returned {compare.shown(text)}."
    if isinstance(text, str) and "{" not in text:
        return (
            "Your text has no holes, so it shows the same people for ever. Do not fill it in "
            "yourself: the names come with the context."
        )

    def filled(names: list[str]) -> pages.Page:
        customers = [Customer(name=name) for name in names]
        return pages.Page(template.render(Context({"customers": customers})))

    try:
        template = text if isinstance(text, Template) else Template(text)
        frame = filled([]).inside("li")
        for names in (["Ann O'Brien", "Ben Okafor"], ["Cleo Papadakis"], [MALLORY], []):
            if sentence := _guests(filled(names), names, frame):
                guests = ", ".join(names) or "no customers"
                return f"{sentence} (Tried with {guests}.)"
    except TemplateSyntaxError as error:
        return f"Django cannot read your template: {str(error).partition('. ')[0]}."
    except Exception as error:  # noqa: BLE001 What a tag raised: the learner is told.
        run.error = error
    return None


def _guests(page: pages.Page, names: list[str], frame: list[str]) -> str | None:
    """What is wrong with the page; `frame` are the <li> that it has without customers."""
    items = [item for item in page.inside("li") if item not in frame]
    if page.runs(PROGRAM):
        return (
            "This name is a small program, and your page would run it. "
            "Leave out what turns the protection off: safe, or autoescape."
        )
    if "{ customer" in page.text:
        return "The page shows braces. A hole has two on each side, and no f before the text."
    if not names:
        if SIGNED_UP in page.text:
            return None
        return f"Nobody has signed up, but the page does not say so. It says: {page.text!r}."
    if SIGNED_UP in page.text:
        if items:
            return f"There are customers, but the page also says: {SIGNED_UP}"
        return "There are customers, but the loop finds none. It goes over `customers`: same name?"
    if len(items) != len(names):
        customers = compare.count(len(names), "customer")
        return f"The page has {len(items)} <li> for {customers}."
    if not any(items):
        return "Each <li> is empty. What is misspelt or missing prints nothing: look at its name."
    for name, item in zip(names, items, strict=True):
        if name not in item:
            return f"An <li> says {item!r}. It should have the name: {name}."
    return None


@guest_list.right
def with_if() -> object:
    return """
    {% if customers %}
      <ul>{% for person in customers %}<li class="guest">{{ person.name }}{% endfor %}</ul>
    {% else %}
      <p>Nobody has signed up.</p>
    {% endif %}
    """


@guest_list.right
def as_a_template() -> object:
    return Template(
        "{% for c in customers %}<li>{{ forloop.counter }}. {{ c }}</li>"
        "{% empty %}<li>Nobody has signed up.</li>{% endfor %}"
    )


@guest_list.right
def with_filters() -> object:
    return (
        "<ul>{% for c in customers %}<li>{{ c.name|escape }}</li>{% endfor %}"
        "</ul>{% if not customers|length %}Nobody has signed up.{% endif %}"
    )


@guest_list.wrong("This name is a small program, and your page would run it")
def marked_safe() -> object:
    return (
        "{% for c in customers %}<li>{{ c.name|safe }}</li>"
        "{% empty %}Nobody has signed up.{% endfor %}"
    )


@guest_list.wrong("This name is a small program, and your page would run it")
def not_escaped() -> object:
    return (
        "{% autoescape off %}{% for c in customers %}<li>{{ c.name }}</li>"
        "{% empty %}Nobody has signed up.{% endfor %}{% endautoescape %}"
    )


@guest_list.wrong("Nobody has signed up, but the page does not say so. It says: ''")
def no_empty() -> object:
    return "{% for customer in customers %}<li>{{ customer.name }}</li>{% endfor %}"


@guest_list.wrong("There are customers, but the page also says: Nobody has signed up.")
def always_said() -> object:
    return "{% for c in customers %}<li>{{ c.name }}</li>{% endfor %}Nobody has signed up."


@guest_list.wrong("Each <li> is empty. What is misspelt or missing prints nothing")
def misspelt() -> object:
    return (
        "{% for customer in customers %}<li>{{ customer.nmae }}</li>"
        "{% empty %}Nobody has signed up.{% endfor %}"
    )


@guest_list.wrong("There are customers, but the loop finds none")
def another_list() -> object:
    return (
        "{% for c in customer %}<li>{{ c.name }}</li>{% empty %}Nobody has signed up.{% endfor %}"
    )


@guest_list.wrong("The page has 1 <li> for 2 customers")
def around_the_loop() -> object:
    return (
        "<li>{% for c in customers %}{{ c.name }}{% empty %}Nobody has signed up.{% endfor %}</li>"
    )


@guest_list.wrong("The page shows braces. A hole has two on each side")
def one_brace() -> object:
    return (
        "{% for customer in customers %}<li>{ customer.name }</li>"
        "{% empty %}Nobody has signed up.{% endfor %}"
    )


@guest_list.wrong("Django cannot read your template: Unclosed tag on line 1: 'for'")
def not_closed() -> object:
    return "{% for c in customers %}<li>{{ c.name }}</li>{% empty %}Nobody has signed up."


@guest_list.wrong("Your text has no holes")
def filled_in() -> object:
    return "".join(f"<li>{customer.name}</li>" for customer in Customer.objects.all())
