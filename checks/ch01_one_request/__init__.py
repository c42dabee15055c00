"""Chapter 01, one request: what its exercises share."""

from __future__ import annotations

from django.template import TemplateDoesNotExist

from tutor.judge.exercise import Run

PROGRAM = "alert(1)"
NO_CONTEXT = "A template wants its values in a Context: render(Context({...}))."
NO_FILE = "That is no name of a template file. A text becomes a template by Template(text)."


def got_no_context(run: Run) -> bool:
    return "has no attribute 'render_context'" in str(run.error)


def found_no_file(run: Run) -> bool:
    return isinstance(run.error, TemplateDoesNotExist)
