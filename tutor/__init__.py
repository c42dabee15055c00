"""Exercises that understand the answer. In a notebook: `%load_ext tutor`.

It loads glass, and puts these names where the notebook finds them: exercise, predict, hint,
solution, progress. Each has a help text: help(exercise).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tutor.desk.catching_up import catch_up as catch_up

_NAMES = ("exercise", "predict", "hint", "solution", "progress")
_hook: Any = None


def load_ipython_extension(shell: Any) -> None:
    """%load_ext tutor: glass, and the words of an exercise notebook. Again does no harm."""
    global _hook
    import glass

    glass.load_ipython_extension(shell)
    from tutor.desk.notebook import exercise, hint, predict, solution
    from tutor.desk.progress import progress

    shell.push(dict(zip(_NAMES, (exercise, predict, hint, solution, progress), strict=True)))
    if _hook is None:

        def begin(info: Any) -> None:
            # Run again, the first cell says the same; IPython would only say "already loaded".
            if "%load_ext tutor" in (info.raw_cell or ""):
                shell.extension_manager.loaded.discard("tutor")

        _hook = begin
        shell.events.register("pre_run_cell", _hook)


def unload_ipython_extension(shell: Any) -> None:
    """%unload_ext tutor: the words and glass go."""
    global _hook
    import glass

    if _hook is not None:
        shell.events.unregister("pre_run_cell", _hook)
        _hook = None
    for name in _NAMES:
        shell.user_ns.pop(name, None)
    glass.unload_ipython_extension(shell)


def __getattr__(name: str) -> Any:
    # Imported on first use: the lessons' cells need nothing else of the teacher.
    if name != "catch_up":
        raise AttributeError(f"module 'tutor' has no attribute {name!r}")
    from tutor.desk.catching_up import catch_up

    return catch_up
