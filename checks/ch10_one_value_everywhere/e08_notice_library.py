"""10.8 A box with the news: a library with an inclusion tag."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from django import template
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Engine, Library, RequestContext, Template, TemplateSyntaxError
from django.utils.html import format_html_join
from notifications.models import Notice

from checks.ch10_one_value_everywhere import (
    PROGRAM,
    everything_is_read,
    more_notices,
    request_of,
    user,
    who,
)
from checks.common import pages
from glass import watch
from tutor.judge import compare
from tutor.judge.exercise import Exercise, Run

notice_library = Exercise(
    "10.8",
    "A box with the news",
    minutes=6,
    changes=[more_notices, everything_is_read],
    hints=[
        "Three steps: make a template.Library, put a decorated function into it, return it.",
        (
            "@register.inclusion_tag(Template(...), takes_context=True): the function gets the page's "
            "context, and returns the dictionary for the template of the tag."
        ),
        (
            'context["user"] raises KeyError where the page knows no user; context.get("user") gives '
            "None."
        ),
    ],
)


def box_engine(library: Library) -> Engine:
    """The engine of the project, with one more library: {% load box %}."""
    engine = Engine(
        dirs=settings.TEMPLATES[0]["DIRS"],
        app_dirs=True,
        context_processors=settings.TEMPLATES[0]["OPTIONS"]["context_processors"],
    )
    engine.template_libraries["box"] = library
    return engine


def box_pages() -> Iterator[tuple[str, str | None, Context]]:
    """What page it is, whose notices it should show, and its context."""
    for name in ("ann", "admin", "kofi", None):
        request = request_of(name)
        yield f"the page of {who(name)}", name, RequestContext(request, {})
    yield "a mail to ben, without a request", "ben", Context({"user": user("ben")})
    yield "a page that knows no user", None, Context({})


@notice_library.check
def check(run: Run) -> str | None:
    library = run.value
    if library is None:
        return "Your function returned nothing (None). Does it end with return?"
    if not isinstance(library, Library):
        return f"Asked is a template.Library; your function returned {compare.shown(library)}."
    if "notice_box" not in library.tags:
        known = ", ".join(library.tags) or "none"
        return f"Your library has no tag notice_box. Its tags: {known}."
    for what, name, context in box_pages():
        with watch("sql", show=False) as seen:
            try:
                text = "{% load box %}<h1>News</h1>{% notice_box %}"
                html = Template(text, engine=box_engine(library)).render(context)
            except TemplateSyntaxError as error:
                return f"The tag cannot be used: {error}."
            except Exception as error:  # noqa: BLE001 The learner is told.
                run.error = error
                return None
        texts = [notice.text for notice in Notice.objects.of(user(name)).unread()]
        sentence = _box(what, texts, pages.Page(html))
        if sentence is None and len(seen.queries) > 1:
            sentence = f"On {what} the tag makes {len(seen.queries)} queries. 1 is enough."
        if sentence:
            run.seen.events += seen.events
            return sentence
    return None


def _box(what: str, texts: list[str], page: pages.Page) -> str | None:
    items = page.inside("li")
    if page.runs(PROGRAM):
        return "A notice has a small program in it, and the page would run it."
    if "<li>" in page.text:
        return (
            "The page shows <li> as text: the output of a simple_tag is escaped. Make HTML with "
            "format_html, or let an inclusion tag do it."
        )
    if Counter(items) == Counter(texts):
        return None
    if len(items) != len(texts):
        return f"On {what} there should be {len(texts)} <li>, one for each notice; there are {len(items)}."
    return f"On {what} the <li> say {items}. They should say {texts}."


@notice_library.mistake(
    "A mail and an error page have no request. Take the user from the context, if it is there: "
    'context.get("user").'
)
def wants_a_request(run: Run) -> bool:
    return isinstance(run.error, KeyError) and "request" in str(run.error)


@notice_library.mistake(
    'context["user"] raises KeyError where the page knows no user. Use context.get("user").'
)
def wants_a_user(run: Run) -> bool:
    return isinstance(run.error, KeyError) and "user" in str(run.error)


@notice_library.mistake("Where the page knows no user, context.get gives None. Ask for that first.")
def nobody(run: Run) -> bool:
    return "'NoneType' object has no attribute" in str(run.error)


@notice_library.mistake("A text is no name of a template. Template(text) makes one of it.")
def no_template(run: Run) -> bool:
    return type(run.error).__name__ == "TemplateDoesNotExist"


@notice_library.mistake(
    "The function of an inclusion tag returns a dictionary for its template: {'notices': ...}."
)
def no_dictionary(run: Run) -> bool:
    return "does not support item assignment" in str(run.error)


@notice_library.mistake(
    "An inclusion tag gets no context by itself. takes_context=True hands it over, as the first "
    "argument, which must be called context."
)
def no_context(run: Run) -> bool:
    return "did not receive value(s) for the argument(s): 'context'" in _tried(
        run
    ) or "must have a first argument of 'context'" in _tried(run)


def _tried(run: Run) -> str:
    try:
        Template("{% load box %}{% notice_box %}", engine=box_engine(run.value))
    except TemplateSyntaxError as error:
        return str(error)
    return str(run.error)


BOX = "{% for notice in notices %}<li>{{ notice.text }}{% endfor %}"


def box_library(find: Callable[[Any], Any], text: str = BOX, takes_context: bool = True) -> Library:
    """A library whose notice_box renders the text with the notices that are found."""
    register = Library()

    @register.inclusion_tag(Template(text), takes_context=takes_context)
    def notice_box(context: Any) -> dict[str, Any]:
        return {"notices": find(context)}

    return register


def news_of(context: Any) -> Any:
    return Notice.objects.of(context.get("user") or AnonymousUser()).unread()


@notice_library.right
def visitor_for_nobody() -> object:
    return box_library(news_of)


@notice_library.right
def simple_tag_with_html() -> object:
    register = template.Library()

    @register.simple_tag(takes_context=True)
    def notice_box(context: Any) -> str:
        if "user" not in context or not context["user"].is_authenticated:
            return ""
        notices = context["user"].notices.unread()
        return format_html_join("", "<li>{}</li>", notices.values_list("text"))

    return register


@notice_library.wrong("the page would run it")
def marked_safe() -> object:
    return box_library(news_of, BOX.replace("text }}", "text|safe }}"))


@notice_library.wrong(wants_a_request)
def by_the_request() -> object:
    return box_library(lambda context: Notice.objects.of(context["request"].user).unread())


@notice_library.wrong(wants_a_user)
def by_key() -> object:
    return box_library(lambda context: Notice.objects.of(context["user"]).unread())


@notice_library.wrong(nobody)
def of_nobody() -> object:
    return box_library(lambda context: Notice.objects.of(context.get("user")).unread())


@notice_library.wrong(no_context)
def context_not_taken() -> object:
    return box_library(news_of, takes_context=False)


@notice_library.wrong("The page shows <li> as text: the output of a simple_tag is escaped.")
def plain_strings() -> object:
    register = template.Library()

    @register.simple_tag(takes_context=True)
    def notice_box(context: Any) -> str:
        return "".join(f"<li>{notice.text}</li>" for notice in news_of(context))

    return register


@notice_library.wrong(
    "On the page of ann there should be 3 <li>, one for each notice; there are 4."
)
def read_and_unread() -> object:
    return box_library(lambda context: Notice.objects.of(context.get("user") or AnonymousUser()))


@notice_library.wrong("On the page of ann the <li> say ['', '', '']")
def misspelt() -> object:
    return box_library(news_of, BOX.replace("notice.text", "notice.txt"))


@notice_library.wrong(no_template)
def text_for_a_name() -> object:
    register = template.Library()
    register.inclusion_tag(BOX, takes_context=True, name="notice_box")(
        lambda context: {"notices": news_of(context)}
    )
    return register


@notice_library.wrong(no_dictionary)
def only_the_rows() -> object:
    register = template.Library()
    register.inclusion_tag(Template(BOX), takes_context=True, name="notice_box")(news_of)
    return register


@notice_library.wrong("Asked is a template.Library")
def the_function_itself() -> object:
    return news_of
