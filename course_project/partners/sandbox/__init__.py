"""A partner to practise with: payments, parcels and a push service, in a process of their own.

    with Sandbox() as sandbox:
        sandbox.fail("cut", "500")
        httpx.post(f"{sandbox.url}/v1/payments", ...)
        print(sandbox.log())

It knows nothing of Django, and only the secrets of settings.py that both sides share.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import urllib.request
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

FOLDER = Path(__file__).resolve().parents[2]

_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


class Sandbox:
    """The process, on a free port of 127.0.0.1, until stop(), or until this process ends.

    url  "http://127.0.0.1:41234", its origin
    """

    def __init__(self) -> None:
        past_proxies()
        # Only whoever has it may command the partner, which signs what it is told to tell.
        self._token = secrets.token_urlsafe()
        # The child reads its stdin: it ends when nobody holds the other end any more, and so it
        # ends with this process, even if that is killed.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "partners.sandbox", "0"],
            cwd=FOLDER,
            # Not in the command line, which every user of the machine can read.
            env=os.environ | {"SANDBOX_TOKEN": self._token},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._end = weakref.finalize(self, _stop, self.process)
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            self.stop()
            raise RuntimeError("The sandbox did not start. Run: python -m partners.sandbox")

    def stop(self) -> None:
        """End the process. A second time does no harm."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def fail(self, *ways: str) -> None:
        """What happens to the next requests, one each; after that all is well again.

        "500", "503", "429"  nothing is done, and the answer says so
        "slow"               it is done, and the answer comes 0.6 seconds late
        "cut"                it is done, and the connection is cut before the answer
        "ok"                 nothing special

        An address may ask for it as well: /v1/payments?fail=500,cut
        """
        self._control("fail", {"ways": ways})

    def log(self) -> list[dict[str, Any]]:
        """The requests so far, except ours: method, path, key, status (0: no answer), body."""
        return self._control("log")["log"]  # type: ignore[no-any-return]

    def payments(self) -> list[dict[str, Any]]:
        """What was really charged: id, order, amount."""
        return self._control("payments")["payments"]  # type: ignore[no-any-return]

    def tell(
        self, url: str, number: str, *kinds: str, steps: Iterable[int] = (), tries: int = 3
    ) -> list[list[int]]:
        """Send signed events about one payment or parcel to a webhook.

        kinds  "parcel.announced", "parcel.on_its_way", ...: event 1, 2, ... of this number
        steps  which events to send, in this order: (3, 1, 1) sends the last one first, and the
               first one twice; all of them in order where it is left out
        tries  how often an event is sent that is not answered with 2xx

        The answers to each, as status codes; 0 where there was none within two seconds.
        """
        data = {"url": url, "number": number, "kinds": kinds, "steps": list(steps), "tries": tries}
        return self._control("tell", data)["answers"]  # type: ignore[no-any-return]

    def browser(self) -> dict[str, Any]:
        """Let somebody allow our messages: what pushManager.subscribe() answers in a browser."""
        return self._control("browser")

    def close_browser(self, endpoint: str) -> None:
        """They have had enough: from now on the push service answers 410 Gone."""
        self._control("close", {"endpoint": endpoint})

    def pushed(self, endpoint: str) -> list[str]:
        """The messages that the browser at this endpoint got, decrypted with its own key."""
        return self._control("pushed", {"endpoint": endpoint})["messages"]  # type: ignore[no-any-return]

    def reset(self) -> None:
        """Forget everything."""
        self._control("reset")

    def _control(self, what: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.url}/control/{what}",
            json.dumps(data or {}).encode(),
            {"Authorization": f"Bearer {self._token}"},
            method="POST",
        )
        with _open(request, timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


def past_proxies() -> None:
    """Let calls to this machine go straight there, whatever proxy the network has."""
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        if "127.0.0.1" not in hosts:
            os.environ[name] = ",".join([*hosts, "127.0.0.1"])


def _stop(process: subprocess.Popen[str]) -> None:
    assert process.stdin and process.stdout
    process.stdin.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
