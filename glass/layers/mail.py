"""Mail: what goes out by django.core.mail, to whom, and through which backend.

Django has no hook there (https://docs.djangoproject.com/en/6.1/topics/email/), so send_messages()
of the backends' classes is wrapped while somebody watches. Whatever sends passes there: send_mail(),
send_mass_mail(), mail_admins(), EmailMessage.send(), and a backend that is used directly. The body
of a letter is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from django.core.mail.backends.base import BaseEmailBackend

from glass import source
from glass.block import INSIDE, Block, Group, Note, Part, Tone, Words
from glass.layer import Event, Layer, enclosing, register
from glass.patch import Patch
from glass.trace import active_traces, enter, leave
from glass.wording import count, describe_error, join, one_line, safe_repr, shorten

_SHOWN = 10  # letters of one send
_LONGEST = 60  # characters of a subject


class Letter(NamedTuple):
    """One message, without its body.

    to            everybody in its To
    copies        how many more get it, by Cc and by Bcc
    alternatives  the types of the other forms of its body: ("text/html",)
    attachments   how many
    """

    subject: str
    to: tuple[str, ...]
    copies: int
    alternatives: tuple[str, ...]
    attachments: int

    def __str__(self) -> str:
        """ "'Your order' to ann@example.com (text/html, 1 attachment)" """
        to = join((one_line(address) for address in self.to), ", ", len(self.to)) or "nobody"
        extras = [*map(one_line, self.alternatives)]
        if self.copies:
            extras.insert(0, f"{self.copies} in copy")
        if self.attachments:
            extras.append(count(self.attachments, "attachment"))
        subject = safe_repr(shorten(self.subject, _LONGEST))
        return f"{one_line(subject)} to {to}" + (f" ({', '.join(extras)})" if extras else "")


class MailSend(Event):
    """One call of a backend's send_messages(): mostly one letter, many in one by send_mass_mail().

    letters  that were handed over
    sent     how many of them the backend says it has sent
    mailer   the name in settings.MAILERS, or "" where the settings have none
    backend  "django.core.mail.backends.smtp.EmailBackend"
    """

    __slots__ = ("_backend_id", "backend", "letters", "mailer", "sent")
    layer = "mail"
    noun = "mail"
    says_where = True

    def __init__(self, backend: Any, letters: tuple[Letter, ...]) -> None:
        super().__init__(source.caller())
        kind = type(backend)
        self.backend = f"{kind.__module__}.{kind.__qualname__}"
        self.mailer = str(getattr(backend, "alias", None) or "")
        self.letters = letters
        self.sent = 0
        self._backend_id = id(backend)

    @property
    def subject(self) -> str:
        """Of the first letter; "" where there is none."""
        return self.letters[0].subject if self.letters else ""

    @property
    def to(self) -> tuple[str, ...]:
        """To whom the first letter goes."""
        return self.letters[0].to if self.letters else ()

    def __repr__(self) -> str:
        return f"<MailSend {self.label()}>"

    def label(self) -> str:
        one = str(self.letters[0]) if len(self.letters) == 1 else ""
        return f"mail {one or count(len(self.letters), 'letter')}"

    def outcome(self) -> str:
        """ "sent", "2 of 3 sent" """
        if self.error:
            return "failed"
        if self.sent >= len(self.letters):
            return "sent"
        return f"{self.sent} of {len(self.letters)} sent" if self.sent else "not sent"

    def group_key(self) -> object:
        alike = self.backend, self.mailer, self.outcome(), self.error
        return len(self.letters) == 1, *alike, self.places

    def block(self, group: Group) -> Block:
        letters = [letter for send in group.events for letter in send.letters]
        title = self.label() if group.times == 1 else "mail"
        tone: Tone = {"sent": "good", "failed": "bad"}.get(self.outcome(), "warn")  # type: ignore[assignment]
        head = [Words(title, "name"), group.times_text, Words(" -> "), Words(self.outcome(), tone)]
        mailer = f"mailer {one_line(self.mailer)}, " if self.mailer else ""
        body: list[Part] = [Note([f"{mailer}{self.backend}"])]
        if len(letters) > 1:
            shown = [str(letter) for letter in letters[:_SHOWN]]
            more = [f"... {len(letters) - _SHOWN} more"] if len(letters) > _SHOWN else []
            body.insert(0, Note([*shown, *more]))
        if self.error:
            body.append(Note([f"failed: {one_line(self.error)}"], "bad"))
        edge: Tone | None = "bad" if self.error else None
        return Block(group.where, head, [*body, INSIDE], times=group.times, edge=edge)

    def is_of(self, backend: Any) -> bool:
        """Whether this backend is at work on it: what it hands to its own base class is no more."""
        return self._backend_id == id(backend)


def _letter(message: Any) -> Letter:
    """What there is of it: a project's own class may lack a part, or hold something strange."""

    def parts(name: str) -> Sequence[Any]:
        found = getattr(message, name, None)
        return found if isinstance(found, list | tuple) else ()

    types = [each[1] for each in parts("alternatives") if isinstance(each, tuple) and len(each) > 1]
    return Letter(
        _text(getattr(message, "subject", "")),
        tuple(map(_text, parts("to"))),
        len(parts("cc")) + len(parts("bcc")),
        tuple(map(_text, types)),
        len(parts("attachments")),
    )


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001  A lazy translation may fail; whoever sends it is told.
        return "?"


def _sending(patch: Patch) -> Callable[..., Any]:
    django = patch.original

    def send_messages(self: Any, messages: Iterable[Any], *args: Any, **named: Any) -> Any:
        inside = enclosing()
        if not (patch.active and active_traces.get("mail")) or (
            isinstance(inside, MailSend) and inside.is_of(self)
        ):
            return django(self, messages, *args, **named)
        messages = list(messages)  # It may be a generator.
        event = MailSend(self, tuple(map(_letter, messages)))
        enter(event)
        try:
            sent = django(self, messages, *args, **named)
            event.sent = sent if isinstance(sent, int) else 0
        except BaseException as error:
            event.error = describe_error(error)
            raise
        finally:
            leave(event)
        return sent

    return send_messages


class Mail(Layer):
    """Recorded by default: a mail that goes out by surprise is what a learner must see."""

    name = "mail"
    help = "what goes out by django.core.mail: to whom, subject, backend"
    attribute = "mail"
    kinds = (MailSend,)
    default = True
    order = 44
    lane = 54
    colour = "#f0e442"
    edge = "#b8860b"

    def install(self) -> None:
        self._done: set[type] = set()
        self.patches.set(BaseEmailBackend, "__init__", self._making)
        self._wrap(_backends())

    def _wrap(self, classes: Iterable[type]) -> None:
        for cls in classes:
            if cls not in self._done and "send_messages" in vars(cls):
                self._done.add(cls)
                self.patches.set(cls, "send_messages", _sending)

    def _making(self, patch: Patch) -> Callable[..., Any]:
        django = patch.original

        def __init__(backend: Any, *args: Any, **named: Any) -> None:
            if patch.active:  # Its class may have been imported just now.
                self._wrap(type(backend).__mro__)
            django(backend, *args, **named)

        return __init__


def _backends(cls: type[Any] = BaseEmailBackend) -> Iterator[type]:
    yield cls
    for subclass in cls.__subclasses__():
        yield from _backends(subclass)


register(Mail())
