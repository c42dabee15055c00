"""A Redis inside this process, for a machine that has no server: empty at start, gone at the end."""

from typing import Any, Self

from fakeredis import FakeRedisConnection
from redis import ConnectionPool


class Pool(ConnectionPool):
    @classmethod
    def from_url(cls, url: str, **options: Any) -> Self:
        # Connections to the same address share their keys, as with a server.
        return super().from_url(url, connection_class=FakeRedisConnection, **options)
