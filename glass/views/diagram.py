"""Models as an entity-relationship diagram: Mermaid in JupyterLab, a list of lines elsewhere."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from glass.views.mermaid import bundle
from glass.wording import count


class Diagram:
    """Shown as a picture by JupyterLab, which renders Mermaid by itself; str() gives the text."""

    def __init__(self, models: tuple[type[Model], ...], fields: bool) -> None:
        self.models = models
        self.fields = fields

    def mermaid(self) -> str:
        """The diagram's source: https://mermaid.js.org/syntax/entityRelationshipDiagram.html"""
        lines = ["erDiagram", "    direction LR"]
        for model in self.models:
            lines.append(f"    {model.__name__} {{")
            if self.fields:
                lines += [f"        {_column(field)}" for field in model._meta.local_fields]
            lines.append("    }")
        for model, field, related in self._relations():
            arrow = _arrow(field)
            lines.append(f"    {model.__name__} {arrow} {related.__name__} : {field.name}")
        return "\n".join(lines)

    def __str__(self) -> str:
        lines = [count(len(self.models), "model")]
        for model in self.models:
            names = ", ".join(field.name for field in model._meta.local_fields)
            lines.append(f"  {model.__name__}: {names}" if self.fields else f"  {model.__name__}")
        for model, field, related in self._relations():
            kind = "one to one" if field.one_to_one else "N to 1"
            kind = "N to M" if field.many_to_many else kind
            reverse = field.remote_field.get_accessor_name()
            back = f", back as .{reverse}" if reverse else ""
            lines.append(f"  {model.__name__}.{field.name} -> {related.__name__} ({kind}{back})")
        return "\n".join(lines)

    def _relations(self) -> list[tuple[type[Model], Any, type[Model]]]:
        return [
            (model, field, field.related_model)
            for model in self.models
            for field in _fields(model)
            if field.related_model in self.models
            # A through model that is drawn itself says it already.
            and not (field.many_to_many and field.remote_field.through in self.models)
        ]

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return bundle(self.mermaid(), str(self))


def diagram(*models: type[Model], fields: bool = True) -> Diagram:
    """Draw models and the relations between them, from Django's own metadata.

    fields  False: only names and relations

    An arrow's crow's foot stands at the side that can have many rows.
    """
    return Diagram(models, fields)


def _fields(model: type[Model]) -> list[Any]:
    return [*model._meta.local_fields, *model._meta.local_many_to_many]


def _column(field: Any) -> str:
    mark = (
        " PK"
        if field.primary_key
        else " FK"
        if field.is_relation
        else " UK"
        if field.unique
        else ""
    )
    return f"{field.get_internal_type()} {field.column}{mark}"


def _arrow(field: Any) -> str:
    one = "o|" if field.null else "||"
    if field.many_to_many:
        return "}o--o{"
    return f"|o--{one}" if field.one_to_one else f"}}o--{one}"
