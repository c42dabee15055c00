"""Why the same statement was asked again: N+1 by name, and the remedy that fits.

Only what is certain is said. The frames between the learner's line and the database tell
which relation of which model was followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Model, QuerySet, prefetch_related_objects
from django.db.models.fields.related_descriptors import (
    ForwardManyToOneDescriptor,
    ReverseOneToOneDescriptor,
)
from django.db.models.manager import BaseManager
from django.db.models.query_utils import DeferredAttribute

from glass.source import Place
from glass.wording import safe_repr

if TYPE_CHECKING:
    from glass.layers.sql.event import Query


class Cause(NamedTuple):
    """What repeats, and what would ask once.

    relation  "Employee.department"
    remedy    a sentence, or "" where more than one remedy could be meant
    pk        where there is no remedy: of the object whose rows were asked for. One object asked
              in different ways is no N+1
    """

    relation: str
    remedy: str
    pk: Any = None


class StatementSite:
    """What one line asks, once or often. Its queries share it: there may be thousands.

    repeats  how often it came again, at most 2
    """

    __slots__ = ("cause", "displayed", "places", "repeats", "sql")

    def __init__(self, sql: str, places: tuple[Place, ...], displayed: bool) -> None:
        self.sql = sql
        self.places = places
        self.displayed = displayed
        self.repeats = 0
        self.cause: Cause | None = None

    def note_repeat(self, frame: FrameType) -> None:
        """Find the cause at the second statement; the third one must have the same."""
        self.repeats += 1
        try:
            cause = find_cause(frame)
        except Exception:  # noqa: BLE001  A strange query is not to fail because somebody watches.
            cause = None
        if self.repeats == 1 or (cause and self.cause and cause.relation == self.cause.relation):
            self.cause = cause
        else:
            self.cause = None


def advice(queries: Sequence[Query]) -> list[str]:
    """What the repetition of one statement is called, and what would ask once; [] for nothing."""
    query, times = queries[0], len(queries)
    if query.displayed:
        return ["showing a queryset asks for its first 21 rows"]
    if times < 2 or query.many:
        return []
    if len({safe_repr(query.params) for query in queries}) == 1:
        return [f"asked {times} times for the same: keep the first answer"]
    cause = queries[-1].cause
    if cause is None or (cause.pk is not None and not _asked_for_others(queries, cause.pk)):
        return [f"the same statement {times} times"]
    name = f"N+1: {cause.relation} asks once for each of {times} objects"
    return [name, f"remedy: {cause.remedy}"] if cause.remedy else [name]


def _asked_for_others(queries: Sequence[Query], pk: Any) -> bool:
    """Whether the value that was this key in one statement is another one in the rest."""
    columns = zip(*(query.params for query in queries), strict=False)
    return any(pk in column and any(value != pk for value in column) for column in columns)


def _code(function: Any) -> Any:
    return function.__code__


_FORWARD = _code(ForwardManyToOneDescriptor.__get__)
_REVERSE_ONE = _code(ReverseOneToOneDescriptor.__get__)
_DEFERRED = _code(DeferredAttribute.__get__)
_PREFETCH = _code(prefetch_related_objects)
_REPR = _code(QuerySet.__repr__)
_FETCH = _code(QuerySet._fetch_all)
_MANY = {
    _code(getattr(QuerySet, name)): name
    for name in ("_fetch_all", "count", "exists", "first", "last", "get", "aggregate")
}
_DEEP = 40  # frames between a query and the descriptor that asked for it; 12 are usual


def is_display(frame: FrameType | None) -> bool:
    """Whether the statement was made by showing a queryset: its repr asks for 21 rows.

    What the rows ask in their own repr, while they are shown, is not.
    """
    for _ in range(_DEEP):
        if frame is None or frame.f_code is _FETCH:
            break
        frame = frame.f_back
    # repr() -> __len__() or __iter__() -> _fetch_all()
    asked = frame and frame.f_back and frame.f_back.f_back
    return asked is not None and asked.f_code is _REPR


def find_cause(frame: FrameType | None) -> Cause | None:
    """The relation that the running statement follows, or None when it follows none."""
    asked: tuple[str, Any] | None = None
    for _ in range(_DEEP):
        if frame is None:
            break
        code = frame.f_code
        if code is _PREFETCH:  # It asks once for many objects already.
            return None
        if code is _FORWARD or code is _REVERSE_ONE:
            return _one(frame.f_locals)
        if code is _DEFERRED:
            return _deferred(frame.f_locals)
        if code in _MANY:
            asked = _MANY[code], frame.f_locals["self"]
        frame = frame.f_back
    return _many(*asked) if asked else None


def _one(names: Any) -> Cause | None:
    instance, descriptor = names.get("instance"), names["self"]
    if not isinstance(instance, Model):
        return None
    if isinstance(descriptor, ForwardManyToOneDescriptor):
        accessor = descriptor.field.name
    else:
        accessor = descriptor.related.get_accessor_name()
    model = type(instance).__name__
    return Cause(
        f"{model}.{accessor}",
        f'select_related("{accessor}") on the {model} queryset asks once, with a JOIN',
    )


def _deferred(names: Any) -> Cause | None:
    instance, field = names.get("instance"), names["self"].field.attname
    model = type(instance).__name__
    return Cause(
        f"{model}.{field}",
        f"only() or defer() left {field} out; name it in only(), or drop it from defer()",
    )


def _many(method: str, queryset: Any) -> Cause | None:
    instance = queryset._hints.get("instance")
    if not isinstance(instance, Model):
        return None
    model = type(instance).__name__
    names = _reverse_names(instance, queryset.model)
    for accessor, name in names:
        if not _is_all_of(queryset, instance, accessor):
            continue
        if method == "_fetch_all":
            remedy = f'prefetch_related("{accessor}") on the {model} queryset asks once for all'
        elif method == "count":
            remedy = f'annotate(n=Count("{name}")) on the {model} queryset counts in the database'
        elif method == "exists":
            remedy = f'prefetch_related("{accessor}"), or annotate() with Exists, asks once'
        else:
            remedy = ""
        return Cause(f"{model}.{accessor}", remedy, None if remedy else instance.pk)
    # A filter of its own: prefetch_related alone would not be used.
    return Cause(f"{model} -> {queryset.model.__name__}", "", instance.pk)


#: What of a query must be the same, beside its WHERE, for prefetch_related() to take its place.
_PARTS = (
    "annotations",
    "combinator",
    "default_ordering",
    "distinct",
    "extra",
    "extra_order_by",
    "high_mark",
    "low_mark",
    "order_by",
    "standard_ordering",
    "values_select",
)


def _is_all_of(queryset: Any, instance: Model, accessor: str) -> bool:
    """Whether it is instance.accessor.all(), and nothing more.

    Only where a manager of Django's own makes that: a project's get_queryset() is not called.
    """
    manager = type(queryset.model._default_manager)
    if any(getattr(manager, name) is not getattr(BaseManager, name) for name in _MANAGERS_OWN):
        return False
    query, every = queryset.query, getattr(instance, accessor).all().query
    return (
        all(getattr(query, name) == getattr(every, name) for name in _PARTS)
        and list(query.alias_map) == list(every.alias_map)
        and query.where == every.where
    )


_MANAGERS_OWN = ("__init__", "all", "get_queryset")


def _reverse_names(instance: Model, related: type[Model]) -> list[tuple[str, str]]:
    """(accessor, query name) of the relations from the instance to many rows of `related`."""
    found = []
    for field in instance._meta.get_fields():
        if field.related_model is related and (field.one_to_many or field.many_to_many):
            if hasattr(field, "get_accessor_name"):
                accessor = field.get_accessor_name()
            else:
                accessor = field.name
            if accessor:
                found.append((accessor, field.name))
    return found
