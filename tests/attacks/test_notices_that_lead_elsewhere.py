"""A browser reads "/\\" as "//", and takes tabs and line ends out of an address before it reads it."""

import pytest
from django.core.exceptions import ValidationError
from notifications.models import Notice


@pytest.mark.parametrize(
    "url",
    [
        *("/\\evil.example", "/\t/evil.example", "/\n/evil.example", "/\r\\evil.example"),
        *("/a\x00", "/orders/\n", "/\x7f", "/\x85", "/a\\b"),
    ],
)
def test_an_address_that_a_browser_reads_in_another_way_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="on this site"):
        Notice(text="Look!", url=url).clean_fields(exclude=["user"])


@pytest.mark.parametrize("url", ["/", "/orders/7/?page=2#end", "/search/?q=//a", "/caf\u00e9/", ""])
def test_an_address_on_this_site_is_taken(url: str) -> None:
    Notice(text="Look!", url=url).clean_fields(exclude=["user"])
