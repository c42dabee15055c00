"""Where the copies go: another machine, behind a name and a password."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import httpx

CHUNK = 1 << 16


class StoreRefused(Exception):
    """The store said no, and it would say no again: a wrong password, say."""


class StoreDown(Exception):
    """The store does not answer now. It may later."""


class BackupStore(Protocol):
    """What a backup needs of a store. Each method raises StoreRefused or StoreDown."""

    def log_in(self) -> None: ...
    def put(self, name: str, copy: Path, sha256: str) -> None: ...
    def get(self, name: str, copy: Path) -> None: ...
    def names(self) -> list[str]: ...
    def delete(self, name: str) -> None: ...


class HttpStore:
    """A store behind HTTP: `with HttpStore(url, user, password) as store: store.log_in()`.

    It waits `timeout` seconds for each answer, not for ever. https://www.python-httpx.org/
    """

    def __init__(self, url: str, user: str, password: str, timeout: float = 10) -> None:
        self._credentials = {"user": user, "password": password}
        # A proxy of the environment must not see the password.
        self._client = httpx.Client(base_url=url, timeout=timeout, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._client.close()

    def log_in(self) -> None:
        ticket = self._ask("POST", "/login", json=self._credentials).json()["ticket"]
        self._client.headers["Authorization"] = f"Bearer {ticket}"

    def put(self, name: str, copy: Path, sha256: str) -> None:
        with copy.open("rb") as file:  # Sent in pieces: it may be larger than the memory.
            self._ask("PUT", f"/copies/{name}", content=file, headers={"X-SHA256": sha256})

    def get(self, name: str, copy: Path) -> None:
        with self._errors(), self._client.stream("GET", f"/copies/{name}") as response:
            self._judge(response)
            with copy.open("wb") as file:
                for piece in response.iter_bytes(CHUNK):
                    file.write(piece)

    def names(self) -> list[str]:
        return sorted(self._ask("GET", "/copies/").json())

    def delete(self, name: str) -> None:
        self._ask("DELETE", f"/copies/{name}")

    @staticmethod
    def _judge(response: httpx.Response) -> None:
        if response.status_code >= 500 or response.status_code == 429:
            raise StoreDown(f"The store answered {response.status_code}.")
        if response.status_code >= 400:
            raise StoreRefused(f"The store answered {response.status_code}.")

    @staticmethod
    @contextmanager
    def _errors() -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            raise StoreDown(f"The store does not answer ({type(error).__name__}).") from error

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        with self._errors():
            response = self._client.request(method, path, **content)
        self._judge(response)
        return response
