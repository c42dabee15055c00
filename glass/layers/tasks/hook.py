"""How Celery's tasks are seen.

By Celery's signals where the task is sent and where it runs in this process
(https://docs.celeryq.dev/en/stable/userguide/signals.html), and by its events where a worker runs
it (glass.services.celery_events). Only the message as it was sent is taken from kombu's Producer: no signal has it.
"""

from __future__ import annotations

import re
import sys
from ast import literal_eval
from itertools import zip_longest
from time import monotonic, perf_counter, sleep, time
from typing import Any

from celery import current_app, signals
from kombu.entity import Exchange
from kombu.messaging import Producer

from glass import source
from glass.layer import current, enclosing
from glass.layers.sql.event import Query
from glass.layers.tasks.event import EVENT_TYPE, WANTED, State, Task
from glass.patch import Patch, Patches
from glass.services import session
from glass.services.celery_events import Listener
from glass.trace import Trace, active_traces, record
from glass.wording import describe_error, values

#: What a worker tells about a task, in its own word. "sent" is what we know better.
_STATES = ("received", "started", "succeeded", "failed", "retried", "revoked", "rejected")
_RAISED = re.compile(r"""(\w+)\((['"])(.*)\2,?\)$""")
_RETRY = re.compile(r"Retry\(.*?, (\w+\(.*\)), [^()]*\)$")
#: Celery's name of a state, at the end of a run in this process.
_ENDED = {"SUCCESS": "succeeded", "FAILURE": "failed", "RETRY": "retried", "REVOKED": "revoked"}


# Sending


def _before_publish(
    sender: str, body: Any, exchange: Any, routing_key: str, headers: dict[str, Any], **_: Any
) -> None:
    if "id" not in headers:
        return  # The message protocol of Celery 3.
    _listen()
    headers[WANTED] = True
    args, kwargs, embed = body
    task = Task(source.caller(), headers["id"], sender, args, kwargs)
    task.exchange = session.plain_name(
        exchange.name if isinstance(exchange, Exchange) else exchange or ""
    )
    task.routing_key = session.plain_name(routing_key or "")
    task.eta, task.expires = headers.get("eta"), headers.get("expires")
    after = [*(embed.get("chain") or ()), *(embed.get("callbacks") or ()), embed.get("chord")]
    task.follows = [id for each in after if each and (id := each["options"].get("task_id"))]
    task._sent_at = time()
    _known[task.id] = task
    record(task)


def _after_publish(headers: dict[str, Any], **_: Any) -> None:
    if task := _known.get(headers["id"]):
        task.sent = True


def _publishing(patch: Patch) -> Any:
    kombu = patch.original

    def _publish(
        self: Producer, body: Any, priority: Any, kind: str, *rest: Any, **named: Any
    ) -> Any:
        """The message as it goes out. rest: content encoding, headers, properties and so on."""
        headers = rest[1] if len(rest) > 1 else {}
        if task := _known.get((headers or {}).get("id", "")):
            task.body = body
            task.serializer = kind.rpartition("/")[2].removeprefix("x-").removeprefix("python-")
        return kombu(self, body, priority, kind, *rest, **named)

    return _publish


# Running in this process: eagerly, by apply(), or in a worker's thread


def _prerun(task_id: str, task: Any, args: Any, kwargs: Any, **_: Any) -> None:
    event = _known.get(task_id)
    if event is None:
        event = _known[task_id] = Task(source.caller(), task_id, task.name, args, kwargs)
        record(event)
    event.where = "here"
    event._outer = enclosing()
    event.started = perf_counter()
    current.set(event)


def _postrun(task_id: str, state: str | None, retval: Any, **_: Any) -> None:
    event = _known.get(task_id)
    if event is None or event.where != "here":
        return
    event.duration += perf_counter() - event.started
    current.set(event._outer)
    if state is None:  # It is on its way out to whoever called.
        state, retval = "FAILURE", sys.exc_info()[1]
    event.states.append(State(_ENDED.get(state, state.lower()), _detail(state, retval)))
    if event.state == "failed":
        event.error = event.states[-1].detail


def _detail(state: str, value: Any) -> str:
    if state == "RETRY":
        value = value.exc or value
    if isinstance(value, BaseException):
        return describe_error(value)
    return "" if value is None else values((value,))


# Running in a worker


def _listen() -> None:
    """Before the first message is sent: whoever listens later misses the first events."""
    global _listener
    if _listener is None:
        _listener = Listener(current_app._get_current_object(), _heard)
        _listener.listen()


def _heard(event: dict[str, Any]) -> None:
    task = _known.get(event.get("uuid", ""))
    if event["type"] == EVENT_TYPE and task:
        task.process = event["where"]
        queries = Query.unpack(event["queries"], task)
        for trace in active_traces.get("sql", ()):
            # Before the tasks that it has sent: of those the worker may tell first.
            first = (n for n, inner in enumerate(trace.events) if inner.parent is task)
            place = next(first, len(trace.events))
            trace.events[place:place] = queries
    kind, _, name = event["type"].partition("-")
    if kind != "task" or name not in _STATES:
        return
    task = task or _sent_by_the_worker(event)
    if task is None or task.where == "here":
        return
    task.where = "worker"
    if name == "started" and task.waited is None:
        task.waited = max(0.0, event["timestamp"] - task._sent_at)
    task.duration = event.get("runtime", task.duration)
    task.states = _in_order([*task.states, State(name, _outcome(event))])
    if name == "failed":
        task.error = task.states[-1].detail


def _in_order(states: list[State]) -> list[State]:
    """Attempt by attempt: a pool may begin the next one before the worker tells of the last."""
    attempt = ("received", "started", "retried")
    columns = [[state for state in states if state.name == name] for name in attempt]
    attempts = [state for row in zip_longest(*columns) for state in row if state]
    return attempts + [state for state in states if state.name not in attempt]


def _sent_by_the_worker(event: dict[str, Any]) -> Task | None:
    """A task that another one sent, which this watch saw: a chain's next, a chord's body."""
    parent = _known.get(event.get("parent_id") or "") or _known.get(event.get("root_id") or "")
    if parent is None or "name" not in event:
        return None
    args, kwargs = _read(event.get("args"), ()), _read(event.get("kwargs"), {})
    task = Task((), event["uuid"], event["name"], args, kwargs)
    task.parent = parent
    task.sent = True
    _known[task.id] = task
    record(task)
    return task


def _read(text: Any, otherwise: Any) -> Any:
    """The arguments of which a worker's event has the repr, where that can be read back."""
    try:
        found = literal_eval(text)
    except (ValueError, SyntaxError, TypeError):
        return otherwise
    return found if isinstance(found, tuple | list | dict) else otherwise


def _outcome(event: dict[str, Any]) -> str:
    """What came of it. A worker's event has the repr of the result, or of the exception."""
    if "exception" in event:
        raised = str(event["exception"])
        # A pool of threads tells Celery's own exception, with the learner's inside.
        if inside := _RETRY.match(raised):
            raised = inside[1]
        found = _RAISED.match(raised)
        return f"{found[1]}: {found[3]}" if found else raised
    result = str(event.get("result", "None"))
    if result == "None":
        return ""
    return result if len(result) <= 60 else f"{result[:57]}..."


def wait_for_workers(seen: Trace) -> None:
    """Wait a moment for the events of what this trace saw being sent.

    Up to a second once a worker has taken something, a third of one where none answers, and longer
    for tasks whose result is there already: only their last event is under way. Not at all where
    this notebook's own broker has no worker. A worker without -E sends no events; then the result
    itself is told.
    """
    if _listener is None or not _listener.listening or session.has_no_worker():
        return
    begin = monotonic()
    while waiting := [task for task in seen.of(Task) if _under_way(task)]:
        open_ = [task for task in waiting if not task.finished]
        limit = 1.0 if any(task.states for task in open_) else 0.3
        spent = monotonic() - begin
        if spent > limit and (spent > limit + 1.5 or not any(_ready(task.id) for task in open_)):
            for task in open_:
                _take_result(task)
            return
        sleep(0.005)


def _take_result(task: Task) -> None:
    if _ready(task.id):
        result = current_app.AsyncResult(task.id)
        task.where = "worker"
        task.states.append(State(_ENDED[result.state], _detail(result.state, result.result)))
        task.error = task.states[-1].detail if task.state == "failed" else None


def _under_way(task: Task) -> bool:
    if not task.sent or task.where == "here":
        return False
    if not task.finished:
        return not task.eta or task.state not in ("sent", "received") or _ready(task.id)
    names = [state.name for state in task.states]
    complete = names.count("started") <= names.count("retried") + 1
    return not complete or any(id not in _known and _ready(id) for id in task.follows)


def _ready(id: str) -> bool:
    try:
        return bool(current_app.AsyncResult(id).ready())
    except Exception:  # noqa: BLE001  No result backend, or none that answers.
        return False


_known: dict[str, Task] = {}
_listener: Listener | None = None
_HOOKS = (
    (signals.before_task_publish, _before_publish),
    (signals.after_task_publish, _after_publish),
    (signals.task_prerun, _prerun),
    (signals.task_postrun, _postrun),
)


def install(patches: Patches) -> None:
    patches.set(Producer, "_publish", _publishing)
    for signal, hook in _HOOKS:
        signal.connect(hook)


def uninstall() -> None:
    global _listener
    for signal, hook in _HOOKS:
        signal.disconnect(hook)
    if _listener is not None:
        _listener.stop()
        _listener = None
    _known.clear()
