"""The IPython extension: %load_ext glass, %%watch, and nothing left after %unload_ext glass.

A cell that starts with %%watch runs as it stands: the line is only blanked out, so that line
numbers, top-level await, error messages and interrupts are those of an ordinary cell.
"""

from __future__ import annotations

import sys
import textwrap
import warnings
from contextlib import ExitStack
from itertools import takewhile
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from glass import project

_MARK = "%%watch"
_REDEFINED = r"Model '[\w.]+' was already registered"


class _Watcher:
    """Starts a watch before a %%watch cell, and shows it after the cell, whatever the cell did."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.open = ExitStack()
        self.watch: Any = None

    def blank(self, lines: list[str]) -> list[str]:
        """Input transformer: take the %%watch line out, keep its line number."""
        try:
            layers = _layers(lines)
        except UsageError as error:
            return [f"__import__('glass').notebook.refuse({str(error)!r})\n"]
        return lines if layers is None else ["\n", *lines[1:]]

    def begin(self, info: Any) -> None:
        _forget_old_receivers()
        cell = info.raw_cell or ""
        self._forget_old_tasks(cell)
        if "%load_ext glass" in cell:
            # Run again, the first cell starts afresh; IPython would only say "already loaded".
            self.shell.extension_manager.loaded.discard("glass")  # type: ignore[union-attr]
        try:
            layers = _layers(cell.lstrip().splitlines())
        except UsageError:
            return  # The cell itself says so.
        if layers is None:
            return
        from glass.watching import watch

        self.open.close()
        self.watch = watch(*layers)
        self.shell.user_ns["seen"] = self.open.enter_context(self.watch)

    def _forget_old_tasks(self, cell: str) -> None:
        """A cell that defines a task may be run again: Celery alone keeps the first one."""
        if "celery" in sys.modules:
            from glass.services.task_modules import forget_tasks_of

            forget_tasks_of(self.shell.transform_cell(cell))

    def end(self, result: Any) -> None:
        if self.watch and result.error_before_exec:  # A syntax error: nothing has run.
            self.watch.show = False
        self.open.close()


def _forget_old_receivers() -> None:
    """Let go of the functions that cells have defined again.

    With DEBUG on, Django's check of a receiver's **kwargs remembers the function, so the old one
    of a @receiver cell that is run again would still be called beside the new one.
    """
    # The first cell runs before Django is loaded.
    if inspector := sys.modules.get("django.utils.inspect"):
        inspector._get_func_parameters.cache_clear()


def refuse(sentence: str) -> None:
    """Stop the cell with this sentence and no traceback."""
    raise UsageError(sentence)


def _layers(cell: list[str]) -> tuple[str, ...] | None:
    """The layers that the cell's %%watch line names; None where the cell has no such line.

    Raises UsageError with a sentence.
    """
    magics = [line.split() for line in takewhile(lambda line: line.startswith("%%"), cell)]
    if not any(words[0] == _MARK for words in magics):
        return None
    if len(magics) > 1:
        raise UsageError(
            "%%watch does not share a cell with another %% magic. Take the %%watch line out, and "
            "write `with watch():` (from glass import watch) above the code to watch, indented."
        )
    from glass.watching import UnknownLayer, check_layers

    try:
        check_layers(tuple(magics[0][1:]))
    except UnknownLayer as error:
        raise UsageError(str(error)) from None
    return tuple(magics[0][1:])


def _magic(line: str, cell: str | None = None) -> None:
    raise UsageError("%%watch stands on the first line of a cell, above the code to watch.")


_MAGIC_HELP = """Show what this cell makes Django do. Write it on the first line of a cell.

%%watch            the layers {default}
%%watch sql http   these layers

{layers}

Afterwards the record is there under the name `seen`: len(seen.queries), seen.queries[0].sql.
"""


def _task_module(line: str, cell: str) -> None:
    """%%task_module NAME: write the cell to a module, which workers started from now on import.

    Then `from NAME import ...` gives its tasks to the notebook.
    """
    from glass.services.celery_app import BrokerProblem
    from glass.services.task_modules import task_module

    try:
        print(task_module(line.strip(), cell))
    except BrokerProblem as error:
        raise UsageError(str(error)) from None


#: What takes everything away again that load_ipython_extension() has put in; None when it has not.
_loaded: ExitStack | None = None


def load_ipython_extension(shell: InteractiveShell) -> None:
    """%load_ext glass: set the project up and make %%watch known. Again does no harm."""
    global _loaded
    from glass.sandbox import database
    from glass.services import session

    try:
        found = project.setup()
    except (project.ProjectNotFound, database.DatabaseProblem) as error:
        raise UsageError(str(error)) from None
    # A notebook that begins again begins without workers.
    session.stop_broker()
    if _loaded is None:
        with ExitStack() as stack:
            _load(shell, stack)
            _loaded = stack.pop_all()
    elif database.private is not None:
        database.private.reset()
    print(_welcome(found))


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """%unload_ext glass: no hook and no magic stays behind. Django stays set up."""
    global _loaded
    if _loaded is not None:
        _loaded.close()
        _loaded = None


def _load(shell: InteractiveShell, stack: ExitStack) -> None:
    """Each step beside what undoes it; the stack undoes the last one first."""
    from glass import connections
    from glass.layers import default_layers
    from glass.services import session
    from glass.watching import layers_help

    stack.callback(connections.forget_connections)

    # A cell that defines a model may be run again: the new class takes the old one's place.
    warnings.filterwarnings("ignore", _REDEFINED, RuntimeWarning)
    stack.callback(_forget_filter)

    help_lines = layers_help()
    _magic.__doc__ = _MAGIC_HELP.format(layers=help_lines, default=", ".join(default_layers()))
    magics = (
        (_magic, "line", "watch"),
        (_magic, "cell", "watch"),
        # What IPython takes a %%watch in the middle of a cell for.
        (_magic, "line", "%watch"),
        (_task_module, "cell", "task_module"),
    )
    for function, kind, name in magics:
        shell.register_magic_function(function, kind, name)  # type: ignore[arg-type]
        stack.callback(shell.magics_manager.magics[kind].pop, name, None)

    watcher = _Watcher(shell)
    shell.input_transformers_cleanup.append(watcher.blank)
    stack.callback(shell.input_transformers_cleanup.remove, watcher.blank)
    for event, hook in (("pre_run_cell", watcher.begin), ("post_run_cell", watcher.end)):
        shell.events.register(event, hook)
        stack.callback(shell.events.unregister, event, hook)
    stack.callback(watcher.open.close)
    stack.callback(session.stop_broker)


def _forget_filter() -> None:
    kept = [f for f in warnings.filters if getattr(f[1], "pattern", "") != _REDEFINED]
    warnings.filters[:] = kept  # type: ignore[index]


def _welcome(found: project.Project) -> str:
    """Two lines: which project on which database, and what rows are there."""
    from django.apps import apps
    from django.db import connection

    from glass.sandbox import database

    models = [
        model
        for app in apps.get_app_configs()
        if found.folder.resolve() in _path(app.path).parents
        for model in app.get_models()
        if model.__module__ != "__main__" and not model._meta.proxy
    ]
    name = f"{found.folder.name} ({found.settings})"
    if database.private is None:
        return (
            f"Project {name} on its own {connection.display_name} database: what you change stays.\n"
            f"Models: {', '.join(model.__name__ for model in models) or 'none yet'}."
        )
    quote = connection.ops.quote_name
    counts = [f"(SELECT COUNT(*) FROM {quote(model._meta.db_table)})" for model in models]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}")
        numbers = cursor.fetchone()
    rows = ", ".join(
        f"{n} {m._meta.verbose_name_plural}" for m, n in zip(models, numbers, strict=True) if n
    )
    project_line = f"Project {name} on a private SQLite database; reset() undoes your changes."
    return f"{project_line}\n{textwrap.fill(f'Rows: {rows or "none"}.', 94, subsequent_indent='      ')}"


def _path(path: str) -> Any:
    from pathlib import Path

    return Path(path).resolve()
