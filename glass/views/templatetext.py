"""Templates in words: "render shop/product_list.html with page, category"."""

from __future__ import annotations

from glass.layers.templates import Fragment, Processor, Render
from glass.views.sqltext import join


def told(event: Render | Processor | Fragment) -> str:
    if isinstance(event, Processor):
        return processing(event)
    return rendering(event) if isinstance(event, Render) else caching(event)


def rendering(render: Render) -> str:
    name = render.name or "a template that was not found"
    words = f"{render.kind} {name}"
    if render.tag:
        words = f"inclusion tag {render.tag} renders {name}"
    if render.given:
        words += f" with {_names(render.given)}"
    if not render.request:
        words += ", without a request: no context processor runs"
    return words


def processing(processor: Processor) -> str:
    words = f"processor {processor.name} adds {_names(processor.added) or 'nothing'}"
    if processor.lost:
        losses = [f"{name} of {winner}" for name, winner in processor.lost.items()]
        words += f"; {join(losses, ', ', len(losses))} wins"
    return words


def caching(fragment: Fragment) -> str:
    vary = f", one for each {_names(fragment.vary_on)}" if fragment.vary_on else ""
    return f"cached fragment {fragment.name}{vary}"


def _names(names: tuple[str, ...]) -> str:
    return join(map(str, names), ", ", len(names))
