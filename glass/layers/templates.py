"""Templates: what renders what, which context processors ran and what each added, cached fragments.

Django sends one signal when a template is rendered, and only in tests
(https://docs.djangoproject.com/en/6.1/ref/signals/#template-rendered). So the few places where a
template, a context processor or a tag with a template of its own runs are wrapped while somebody
watches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.template import Template
from django.template.context import RequestContext
from django.template.engine import Engine
from django.template.library import InclusionNode
from django.template.loader_tags import ExtendsNode, IncludeNode
from django.templatetags.cache import CacheNode

from glass import source
from glass.block import INSIDE, Block, Group, Note, Part, Words
from glass.layer import Event, Layer, enclosing, register
from glass.patch import Patch
from glass.trace import active_traces, enter, leave
from glass.wording import describe_error, function_name, join, milliseconds

_BUILTINS = frozenset({"True", "False", "None"})


class _Event(Event):
    __slots__ = ()
    layer = "templates"
    says_where = True

    def describe(self) -> str:
        """ "render shop/product_list.html with page, category" """
        raise NotImplementedError

    def group_key(self) -> object:
        return self.describe(), self.places, self.error

    def block(self, group: Group) -> Block:
        raised = f", raised {group.error}" if group.raised else ""
        head = [Words(self.describe(), "name"), group.times_text, Words(raised, html="")]
        body: list[Part] = [INSIDE]
        if group.raised:
            body.insert(0, Note([f"raised: {group.error}"], "bad", "html"))
        return Block(
            group.where,
            head,
            body,
            times=group.times,
            edge="bad" if group.error else None,
            spent=f"{milliseconds(group.duration)} in all",
            floats=True,
        )


class Render(_Event):
    """A template that is rendered, with all that happens inside it.

    kind        "render", "include", "extends" or "inclusion tag"
    name        of the template, as it was loaded
    tag         the name of the inclusion tag, else ""
    given       the names that it was given: by the view, by "with", by the tag
    request     whether there was a request: without one no context processor runs
    processors  those that ran, in order
    """

    __slots__ = ("given", "kind", "name", "processors", "request", "tag")
    noun = "template"

    def __init__(self, kind: str, given: tuple[str, ...] = (), tag: str = "") -> None:
        super().__init__(source.caller())
        self.kind = kind
        self.name = ""
        self.tag = tag
        self.given = given
        self.request = True
        self.processors: list[Processor] = []

    def __repr__(self) -> str:
        return f"<Render: {self.kind} {self.name}>"

    def describe(self) -> str:
        name = self.name or "a template that was not found"
        words = f"{self.kind} {name}"
        if self.tag:
            words = f"inclusion tag {self.tag} renders {name}"
        if self.given:
            words += f" with {_names(self.given)}"
        if not self.request:
            words += ", without a request: no context processor runs"
        return words


class Processor(_Event):
    """A context processor that ran.

    name   "django.contrib.auth.context_processors.auth"
    added  the names that it gave to the template
    lost   {name: who else gave it and wins}: "the view", or a later processor's name
    """

    __slots__ = ("added", "lost", "name")

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(source.caller())
        self.name = function_name(function)
        self.added: tuple[str, ...] = ()
        self.lost: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<Processor {self.name}>"

    def describe(self) -> str:
        words = f"processor {self.name} adds {_names(self.added) or 'nothing'}"
        if self.lost:
            losses = [f"{name} of {winner}" for name, winner in self.lost.items()]
            words += f"; {join(losses, ', ', len(losses))} wins"
        return words

    def block(self, group: Group) -> Block:
        block = super().block(group)
        block.where = ""  # The rendering around it says so.
        return block


class Fragment(_Event):
    """A {% cache %} block. Hit or miss is said by the call of the cache inside it.

    name     of the fragment
    vary_on  the further arguments of the tag, as they are written
    """

    __slots__ = ("name", "vary_on")

    def __init__(self, name: str, vary_on: tuple[str, ...]) -> None:
        super().__init__(source.caller())
        self.name = name
        self.vary_on = vary_on

    def __repr__(self) -> str:
        return f"<Fragment {self.name}>"

    def describe(self) -> str:
        vary = f", one for each {_names(self.vary_on)}" if self.vary_on else ""
        return f"cached fragment {self.name}{vary}"


def _names(names: tuple[str, ...]) -> str:
    return join(map(str, names), ", ", len(names))


def _inside(event: Event, call: Callable[..., Any], *args: Any) -> Any:
    enter(event)
    try:
        return call(*args)
    except BaseException as error:
        event.error = describe_error(error)
        raise
    finally:
        leave(event)


def _is_plumbing(origin: Any) -> bool:
    """A template of Django's own forms: there are five for each field."""
    return "/django/forms/" in str(getattr(origin, "name", "")).replace("\\", "/")


def _unwatched(patch: Patch, origin: Any = None) -> bool:
    return not (patch.active and active_traces.get("templates")) or _is_plumbing(origin)


def _rendering(patch: Patch) -> Callable[..., Any]:
    django = patch.original

    def render(self: Template, context: Any) -> Any:
        if _unwatched(patch, self.origin):
            return django(self, context)
        name = self.name or "a template without a name"
        given = [key for level in context.dicts for key in level if key not in _BUILTINS]
        event = enclosing()
        if context.template is not None and isinstance(event, Render) and not event.name:
            event.name = name  # The tag's event has waited for it.
            if event.kind == "inclusion tag":
                event.given = tuple(key for key in dict.fromkeys(given) if key != "csrf_token")
            return django(self, context)
        event = Render("render" if context.template is None else "include")
        event.name = name
        if context.template is None:
            event.given = tuple(dict.fromkeys(given))
            event.request = isinstance(context, RequestContext)
        return _inside(event, django, self, context)

    return render


def _binding(patch: Patch) -> Callable[..., Any]:
    django = patch.original

    @contextmanager
    def bind_template(self: Any, template: Template) -> Iterator[None]:
        own = self._processors
        if patch.active:
            self._processors = tuple(map(_watched, own))
        try:
            with django(self, template):
                self._processors = own
                event = enclosing()
                if patch.active and isinstance(event, Render):
                    given = self.dicts[self._processors_index + 1 :]
                    _note_losses(event, {name for level in given for name in level})
                yield
        finally:
            self._processors = own

    return bind_template


def _note_losses(event: Render, given: set[str]) -> None:
    winners = dict.fromkeys(given, "the view")
    for processor in reversed(event.processors):
        processor.lost = {name: winners[name] for name in processor.added if name in winners}
        for name in processor.added:
            winners.setdefault(name, processor.name)


def _watched(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def processor(request: Any) -> Any:
        if not active_traces.get("templates"):
            return function(request)
        render = enclosing()
        event = Processor(function)
        if isinstance(render, Render):
            render.processors.append(event)
        added = _inside(event, function, request)
        if isinstance(added, dict):
            event.added = tuple(added)
        return added

    return processor


_PROCESSORS = "template_context_processors"


def _listing(patch: Patch) -> Any:
    """In place of the engine's cached property."""
    django = patch.original

    def processors(self: Engine) -> tuple[Callable[..., Any], ...]:
        if _PROCESSORS not in vars(self):
            vars(self)[_PROCESSORS] = django.func(self)
        own: tuple[Callable[..., Any], ...] = vars(self)[_PROCESSORS]
        return tuple(map(_watched, own)) if patch.active else own

    return property(processors)


def _in_node(begin: Callable[[Any], Event]) -> Callable[[Patch], Callable[..., Any]]:
    def make(patch: Patch) -> Callable[..., Any]:
        django = patch.original

        def render(self: Any, context: Any) -> Any:
            if _unwatched(patch, self.origin):
                return django(self, context)
            return _inside(begin(self), django, self, context)

        return render

    return make


def _include(node: IncludeNode) -> Event:
    return Render("include", tuple(node.extra_context))


def _extends(node: ExtendsNode) -> Event:
    return Render("extends")


def _inclusion(node: Any) -> Event:
    return Render("inclusion tag", tag=node.func.__name__)


def _fragment(node: Any) -> Event:
    return Fragment(node.fragment_name, tuple(variable.token for variable in node.vary_on))


def _finding_parent(patch: Patch) -> Callable[..., Any]:
    django = patch.original

    def get_parent(self: ExtendsNode, context: Any) -> Any:
        parent = django(self, context)
        event = enclosing()
        if isinstance(event, Render) and event.kind == "extends" and not event.name:
            event.name = parent.name or "a template without a name"
        return parent

    return get_parent


class Templates(Layer):
    name = "templates"
    help = "what renders what, context processors, cached fragments"
    attribute = "templates"
    kinds = (Render,)
    order = 30
    lane = 20
    colour = "#56b4e9"
    edge = "#8d6e63"

    def install(self) -> None:
        for owner, name, make in (
            (Template, "render", _rendering),
            (RequestContext, "bind_template", _binding),
            (Engine, _PROCESSORS, _listing),
            (IncludeNode, "render", _in_node(_include)),
            (ExtendsNode, "render", _in_node(_extends)),
            (ExtendsNode, "get_parent", _finding_parent),
            (InclusionNode, "render", _in_node(_inclusion)),
            (CacheNode, "render", _in_node(_fragment)),
        ):
            self.patches.set(owner, name, make)


register(Templates())
