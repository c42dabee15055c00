"""What goes out by django.core.mail."""

import gc
import re
import weakref

import pytest
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives, mail_admins, send_mass_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend

from glass import watch
from glass.layers.mail import MailSend

BACKEND = "django.core.mail.backends.locmem.EmailBackend"


class Refusing(BaseEmailBackend):
    def send_messages(self, email_messages):
        raise ConnectionRefusedError("no\nserver")


class Half(EmailBackend):
    """Sends every second one, through its base class."""

    def send_messages(self, messages):
        return super().send_messages(list(messages)[::2])


class Silent(BaseEmailBackend):
    def send_messages(self, email_messages):
        return None


@pytest.fixture(autouse=True)
def mailers(settings):
    """Django 6.1's own way; without it the older settings are used."""
    settings.MAILERS = {
        "default": {"BACKEND": BACKEND},
        **{
            kind.__name__.lower(): {"BACKEND": f"{__name__}.{kind.__name__}"}
            for kind in (Refusing, Half, Silent)
        },
    }
    settings.ADMINS = ["boss@example.com"]
    mail.outbox = []


def letter(subject="Your order", to=("ann@example.com",), **more):
    return EmailMultiAlternatives(subject, "the secret body", "shop@example.com", to, **more)


def test_one_letter():
    with watch("mail", show=False) as seen:
        letter(cc=["c@example.com"], bcc=["d@example.com"]).send()
    (send,) = seen.mail
    assert (send.subject, send.to, send.sent) == ("Your order", ("ann@example.com",), 1)
    assert send.letters[0].copies == 2
    assert (send.mailer, send.backend) == ("default", BACKEND)
    assert send.duration > 0
    assert len(mail.outbox) == 1
    text = re.sub(r"(?<=line )\d+", "N", seen.text())
    assert text == (
        "1 mail\n\n"
        "test_mail.py line N: mail 'Your order' to ann@example.com (2 in copy) -> sent\n"
        f"    mailer default, {BACKEND}"
    )
    assert "secret" not in text + seen.html()


def test_alternatives_and_attachments_are_counted_and_not_kept():
    message = letter()
    message.attach_alternative("<p>secret</p>", "text/html")
    message.attach("bill.pdf", b"secret", "application/pdf")
    with watch("mail", show=False) as seen:
        message.send()
    assert seen.mail[0].letters[0].alternatives == ("text/html",)
    assert seen.mail[0].letters[0].attachments == 1
    assert "(text/html, 1 attachment) -> sent" in seen.text()
    gone = weakref.ref(message)
    mail.outbox.clear()
    del message
    gc.collect()
    assert gone() is None


def test_many_in_one_send():
    letters = [(f"Week {n}", "", None, [f"p{n}@example.com"]) for n in range(12)]
    with watch("mail", show=False) as seen:
        assert send_mass_mail(letters, using="default") == 12
    (send,) = seen.mail
    assert [each.subject for each in send.letters][:2] == ["Week 0", "Week 1"]
    lines = seen.text().splitlines()
    assert lines[2].endswith("mail 12 letters -> sent")
    assert lines[3] == "    'Week 0' to p0@example.com"
    assert lines[13:] == ["    ... 2 more", f"    mailer default, {BACKEND}"]


def test_a_loop_is_one_group():
    with watch("mail", show=False) as seen:
        for n in range(3):
            letter(f"Week {n}").send()
    assert len(seen.mail) == 3
    lines = seen.text().splitlines()
    assert lines[0] == "3 mails"
    assert lines[2].endswith(": mail, 3 times -> sent")
    assert lines[3:5] == ["    'Week 0' to ann@example.com", "    'Week 1' to ann@example.com"]


def test_a_generator_is_sent_whole():
    with watch("mail", show=False) as seen:
        mail.mailers.default.send_messages(letter(f"{n}") for n in range(2))
    assert [sent.subject for sent in mail.outbox] == ["0", "1"]
    assert len(seen.mail[0].letters) == 2


def test_admins():
    with watch("mail", show=False) as seen:
        mail_admins("Broken", "", using="default")
    assert seen.mail[0].to == ("boss@example.com",)


def test_an_error():
    with watch("mail", show=False) as seen, pytest.raises(ConnectionRefusedError):
        letter().send(using="refusing")
    assert seen.mail[0].error == "ConnectionRefusedError: no\nserver"
    assert "-> failed" in seen.text()
    assert "    failed: ConnectionRefusedError: no\\nserver" in seen.text().splitlines()


@pytest.mark.parametrize(("mailer", "says"), [("half", "1 of 2 sent"), ("silent", "not sent")])
def test_what_the_backend_says(mailer, says):
    with watch("mail", show=False) as seen:
        mail.mailers[mailer].send_messages([letter(), letter()])
    (send,) = seen.mail  # What a backend hands to its base class is no second send.
    assert (send.outcome(), send.mailer) == (says, mailer)
    assert f"-> {says}" in seen.text()


def test_a_backend_that_is_made_during_the_watch():
    with watch("mail", show=False) as seen:

        class Late(BaseEmailBackend):
            def send_messages(self, email_messages):
                return len(email_messages)

        Late(alias="late").send_messages([letter()])
    assert seen.mail[0].backend.endswith("Late")
    assert "send_messages" in vars(Late)
    assert Late(alias="late").send_messages([letter()]) == 1
    assert len(seen.mail) == 1


def test_without_mailers(settings):
    del settings.MAILERS
    settings.EMAIL_BACKEND = BACKEND
    with watch("mail", show=False) as seen:
        EmailMessage("Old way", "", "shop@example.com", ["ann@example.com"]).send()
    assert (seen.mail[0].mailer, seen.mail[0].sent) == ("", 1)
    assert seen.text().splitlines()[3] == f"    {BACKEND}"


def test_hostile_letters_are_harmless():
    hostile = "<script>\x1b[31m\r\nBcc: x\u202e"
    with watch("mail", show=False) as seen:
        mail.mailers["silent"].send_messages([letter(hostile, [hostile])])
        mail.mailers["silent"].send_messages([object()])
    for shown in (seen.text(), seen.html()):
        assert not {"\x1b", "\r", "\u202e"} & set(shown)
    assert "<script>" not in seen.html()
    assert "\\r\\nBcc: x" in seen.text()
    assert "mail '' to nobody -> not sent" in seen.text()


def test_what_happens_inside_is_shown_inside(company):
    class Storing(BaseEmailBackend):
        def send_messages(self, email_messages):
            company.ann.refresh_from_db()
            return 1

    with watch("mail", "sql", show=False) as seen:
        Storing().send_messages([letter()])
    assert isinstance(seen.queries[0].parent, MailSend)


def test_it_leaves_without_a_trace():
    kinds = BaseEmailBackend, EmailBackend, Half
    before = [dict(vars(kind)) for kind in kinds]
    with watch("mail", show=False):
        assert vars(EmailBackend)["send_messages"] is not before[1]["send_messages"]
    assert [dict(vars(kind)) for kind in kinds] == before


def test_it_is_recorded_by_default():
    with watch(show=False) as seen:
        letter().send()
    assert len(seen.mail) == 1
