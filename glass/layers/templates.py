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
from glass.layers.signals import receiver_name
from glass.trace import Event, describe, enclosing, enter, leave, listening

_BUILTINS = frozenset({"True", "False", "None"})


class Render(Event):
    """A template that is rendered, with all that happens inside it.

    kind        "render", "include", "extends" or "inclusion tag"
    name        of the template, as it was loaded
    tag         the name of the inclusion tag, else ""
    given       the names that it was given: by the view, by "with", by the tag
    request     whether there was a request: without one no context processor runs
    processors  those that ran, in order
    """

    __slots__ = ("given", "kind", "name", "processors", "request", "tag")
    layer = "templates"

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


class Processor(Event):
    """A context processor that ran.

    name   "django.contrib.auth.context_processors.auth"
    added  the names that it gave to the template
    lost   {name: who else gave it and wins}: "the view", or a later processor's name
    """

    __slots__ = ("added", "lost", "name")
    layer = "templates"

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(source.caller())
        self.name = receiver_name(function)
        self.added: tuple[str, ...] = ()
        self.lost: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<Processor {self.name}>"


class Fragment(Event):
    """A {% cache %} block. Hit or miss is said by the call of the cache inside it.

    name     of the fragment
    vary_on  the further arguments of the tag, as they are written
    """

    __slots__ = ("name", "vary_on")
    layer = "templates"

    def __init__(self, name: str, vary_on: tuple[str, ...]) -> None:
        super().__init__(source.caller())
        self.name = name
        self.vary_on = vary_on

    def __repr__(self) -> str:
        return f"<Fragment {self.name}>"


def _inside(event: Event, call: Callable[..., Any], *args: Any) -> Any:
    enter(event)
    try:
        return call(*args)
    except BaseException as error:
        event.error = describe(error)
        raise
    finally:
        leave(event)


def _is_plumbing(origin: Any) -> bool:
    """A template of Django's own forms: there are five for each field."""
    return "/django/forms/" in str(getattr(origin, "name", "")).replace("\\", "/")


def _render(self: Template, context: Any) -> Any:
    if not listening.get("templates") or _is_plumbing(self.origin):
        return _django["render"](self, context)
    name = self.name or "a template without a name"
    given = [key for level in context.dicts for key in level if key not in _BUILTINS]
    event = enclosing()
    if context.template is not None and isinstance(event, Render) and not event.name:
        event.name = name  # The tag's event has waited for it.
        if event.kind == "inclusion tag":
            event.given = tuple(key for key in dict.fromkeys(given) if key != "csrf_token")
        return _django["render"](self, context)
    event = Render("render" if context.template is None else "include")
    event.name = name
    if context.template is None:
        event.given = tuple(dict.fromkeys(given))
        event.request = isinstance(context, RequestContext)
    return _inside(event, _django["render"], self, context)


@contextmanager
def _bind(self: RequestContext, template: Template) -> Iterator[None]:
    own, self._processors = self._processors, tuple(map(_watched, self._processors))  # type: ignore[attr-defined]
    try:
        with _django["bind"](self, template):
            self._processors = own  # type: ignore[attr-defined]
            event = enclosing()
            if isinstance(event, Render):
                given = self.dicts[self._processors_index + 1 :]  # type: ignore[attr-defined]
                _note_losses(event, {name for level in given for name in level})
            yield
    finally:
        self._processors = own  # type: ignore[attr-defined]


def _note_losses(event: Render, given: set[str]) -> None:
    winners = dict.fromkeys(given, "the view")
    for processor in reversed(event.processors):
        processor.lost = {name: winners[name] for name in processor.added if name in winners}
        for name in processor.added:
            winners.setdefault(name, processor.name)


def _watched(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def processor(request: Any) -> Any:
        if not listening.get("templates"):
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


def _processors(self: Engine) -> tuple[Callable[..., Any], ...]:
    """In place of the engine's cached property."""
    if _PROCESSORS not in vars(self):
        vars(self)[_PROCESSORS] = _django["processors"].func(self)
    return tuple(map(_watched, vars(self)[_PROCESSORS]))


def _in_node(name: str, begin: Callable[[Any], Event]) -> Callable[..., Any]:
    def render(self: Any, context: Any) -> Any:
        if not listening.get("templates") or _is_plumbing(self.origin):
            return _django[name](self, context)
        return _inside(begin(self), _django[name], self, context)

    return render


def _include(node: IncludeNode) -> Event:
    return Render("include", tuple(node.extra_context))


def _extends(node: ExtendsNode) -> Event:
    return Render("extends")


def _inclusion(node: Any) -> Event:
    return Render("inclusion tag", tag=node.func.__name__)


def _fragment(node: Any) -> Event:
    return Fragment(node.fragment_name, tuple(variable.token for variable in node.vary_on))


def _parent(self: ExtendsNode, context: Any) -> Any:
    parent = _django["parent"](self, context)
    event = enclosing()
    if isinstance(event, Render) and event.kind == "extends" and not event.name:
        event.name = parent.name or "a template without a name"
    return parent


_PROCESSORS = "template_context_processors"
#: What is wrapped, and by what.
_WRAPPED: dict[str, tuple[type, str, Any]] = {
    "render": (Template, "render", _render),
    "bind": (RequestContext, "bind_template", _bind),
    "processors": (Engine, _PROCESSORS, property(_processors)),
    "include": (IncludeNode, "render", _in_node("include", _include)),
    "extends": (ExtendsNode, "render", _in_node("extends", _extends)),
    "parent": (ExtendsNode, "get_parent", _parent),
    "inclusion": (InclusionNode, "render", _in_node("inclusion", _inclusion)),
    "fragment": (CacheNode, "render", _in_node("fragment", _fragment)),
}
#: Django's own of each. Kept afterwards: another thread may still be rendering.
_django: dict[str, Any] = {}
_installed = False


def installed() -> bool:
    return _installed


def install() -> None:
    global _installed
    _installed = True
    for name, (cls, attribute, wrapper) in _WRAPPED.items():
        _django[name] = vars(cls)[attribute]
        setattr(cls, attribute, wrapper)


def uninstall() -> None:
    global _installed
    _installed = False
    for name, (cls, attribute, _) in _WRAPPED.items():
        setattr(cls, attribute, _django[name])
