"""A bar that ends when the task does."""

from __future__ import annotations

import os
import sys
from time import monotonic, sleep
from typing import Any

from django.utils.html import format_html

from glass.services.session import has_no_worker

_WIDTH = 20
_EVERY = 0.05  # seconds


class Bar:
    """How far a task is. Stored is the last state alone, which is the same on every machine.

    share  0.0 to 1.0
    words  what stands beside the bar
    """

    def __init__(self, share: float, words: str) -> None:
        self.share = min(1.0, max(0.0, share))
        self.words = words

    def __str__(self) -> str:
        full = int(self.share * _WIDTH)
        return f"[{'#' * full}{'.' * (_WIDTH - full)}] {self.words}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return format_html(
            '<div><span style="display:inline-block;width:240px;height:12px;border-radius:6px;'
            'background:rgba(128,128,128,0.25);vertical-align:middle;overflow:hidden">'
            '<span style="display:block;height:12px;width:{}%;background:#1e88e5"></span></span>'
            '<span style="margin-left:10px">{}</span></div>',
            round(self.share * 100),
            self.words,
        )


def progress(result: Any, limit: float = 30.0) -> None:
    """Show a bar for a task's result until the task has ended.

        progress(monthly_sales.delay(2025))

    result  an AsyncResult. The task says how far it is by
            self.update_state(state="PROGRESS", meta={"done": 3, "total": 12})
    limit   seconds after which to look no more

    Where nothing comes a sentence says why.
    https://docs.celeryq.dev/en/stable/userguide/tasks.html#custom-states
    """
    show = _Shown()
    end = monotonic() + limit
    bar = Bar(0, "waits for a worker")
    while not (over := _last(result)) and monotonic() < end:
        bar = _now(result) or bar
        show(bar)
        sleep(_EVERY)
    show(over or Bar(bar.share, _too_long(result, limit)), last=True)


def _last(result: Any) -> Bar | None:
    """The bar of a task that has ended, or that nobody will take."""
    state = result.state
    if state == "SUCCESS":
        return Bar(1, "done")
    if state in ("FAILURE", "REVOKED"):
        error = result.result
        return Bar(0, f"{'failed' if state == 'FAILURE' else 'revoked'}: {_words(error)}")
    if state == "PENDING" and has_no_worker():
        return Bar(0, "No worker runs: the message waits. start_worker() starts one.")
    return None


def _now(result: Any) -> Bar | None:
    meta = result.info
    if result.state == "STARTED" or not isinstance(meta, dict):
        return None
    done = meta.get("done", meta.get("current", 0))
    total = meta.get("total", meta.get("of", 0))
    if not isinstance(done, int | float) or not isinstance(total, int | float) or total <= 0:
        return None
    return Bar(done / total, f"{done:g} of {total:g}")


def _too_long(result: Any, limit: float) -> str:
    if result.state == "PENDING":
        return (
            f"Nothing was heard of this task in {limit:g} s. It waits for a worker, or its result "
            "is not kept, or there is no task with this id."
        )
    return f"Not finished after {limit:g} s. progress(result) looks again."


def _words(error: object) -> str:
    return f"{type(error).__name__}: {error}"


class _Shown:
    """Where the bar stands: in a notebook's output, which changes; elsewhere its end is printed."""

    def __init__(self) -> None:
        ipython = sys.modules.get("IPython")
        self.notebook = ipython is not None and ipython.get_ipython() is not None
        # An output that changes cannot be stored and compared.
        self.moving = self.notebook and os.environ.get("GLASS_TIMES") != "off"
        self.handle: Any = None
        self.before = ""

    def __call__(self, bar: Bar, last: bool = False) -> None:
        if not self.notebook and last:
            print(bar)
        if not (self.moving or (self.notebook and last)) or str(bar) == self.before:
            return
        self.before = str(bar)
        from IPython.display import display

        if self.handle:
            self.handle.update(bar)
        else:
            self.handle = display(bar, display_id=self.moving or None)
