"""Sentences of lesson 08 about who rings, and with what."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from company.models import Department, Employee, Skill
from django.core.signals import got_request_exception
from django.db.models.signals import m2m_changed, post_save, pre_save
from django.dispatch import Signal
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

pytestmark = pytest.mark.usefixtures("rows")


@contextmanager
def heard(signal: Signal, sender: object = None) -> Iterator[list[dict[str, Any]]]:
    """What the signal sends inside the block, one dict of arguments for each time."""
    rings: list[dict[str, Any]] = []

    def receiver(**arguments: Any) -> None:
        if "instance" in arguments:
            arguments["adding"] = arguments["instance"]._state.adding
        rings.append(arguments)

    signal.connect(receiver, sender=sender)
    try:
        yield rings
    finally:
        signal.disconnect(receiver, sender=sender)


def test_adding_is_deceived_by_a_key_that_exists() -> None:
    legal = Department.objects.get(name="Legal")
    with heard(pre_save, Department) as before, heard(post_save, Department) as after:
        Department(pk=legal.pk, name="Legal", budget=1).save()
    assert before[0]["adding"] is True
    assert after[0]["created"] is False


def test_get_or_create_rings_when_it_creates() -> None:
    with heard(post_save, Skill) as rings:
        Skill.objects.get_or_create(name="Weaving")
        Skill.objects.get_or_create(name="Weaving")
    assert len(rings) == 1


def test_django_itself_names_update_fields() -> None:
    with heard(post_save, Department) as rings:
        Department.objects.only("city").get(name="Legal").save()
        Department.objects.update_or_create(name="Legal", defaults={"city": "Cork"})
    assert [set(ring["update_fields"]) for ring in rings] == [{"city"}, {"city"}]


def test_remove_sends_the_key_of_one_who_is_no_member() -> None:
    person, skill = Employee.objects.first(), Skill.objects.first()
    person.skills.clear()
    with heard(m2m_changed, Employee.skills.through) as rings:
        person.skills.remove(skill)
    assert [ring["pk_set"] for ring in rings] == [{skill.pk}, {skill.pk}]


def missing(request: HttpRequest) -> None:
    raise Http404


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(status=404)


urlpatterns = [path("missing/", missing)]


@override_settings(ROOT_URLCONF=__name__)
def test_http404_raised_in_a_view_does_not_ring_got_request_exception() -> None:
    with heard(got_request_exception) as rings:
        assert Client().get("/missing/").status_code == 404
    assert rings == []
