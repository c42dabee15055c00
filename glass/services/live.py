"""The project's site over real HTTP, while the cells go on: for browsers, and for others that call.

Django's test client needs no server. This is for what it cannot show: a caller from outside, two
origins in a browser, answers that come bit by bit.
"""

from __future__ import annotations

import asyncio
import threading
from http.client import responses
from typing import Any
from urllib.parse import unquote

from django.core.handlers.asgi import ASGIHandler
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine
from tornado.netutil import bind_sockets

_running: LiveSite | None = None


def live() -> LiveSite:
    """Serve the project on a free port of 127.0.0.1; called again, the site that is served.

    It ends with the process, or by its stop().
    """
    global _running
    if _running is None:
        _running = LiveSite()
    return _running


class LiveSite:
    """The project behind Tornado, which every Jupyter brings along, in a thread of its own.

    url  "http://127.0.0.1:41235"

    It speaks ASGI, so that async views can stream:
    https://asgi.readthedocs.io/en/stable/specs/www.html
    """

    def __init__(self) -> None:
        (socket,) = bind_sockets(0, "127.0.0.1")
        self.port: int = socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        # Not get_asgi_application(): it would set Django up again, and its logging with it.
        self._application: Any = ASGIHandler()
        self._socket = socket
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="live site", daemon=True)
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Cut what is under way, and stop to serve. A second time does no harm."""
        global _running
        if _running is self:
            _running = None
        if self._thread.is_alive() and self._loop:
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        # asyncio.run() cancels the answers that are left when this returns.
        answers: set[asyncio.Task[None]] = set()

        def answer(request: HTTPServerRequest) -> None:
            task = asyncio.create_task(self._answer(request))
            answers.add(task)
            task.add_done_callback(answers.discard)

        server = HTTPServer(answer)
        server.add_socket(self._socket)
        self._ready.set()
        await self._over.wait()
        server.stop()
        await server.close_all_connections()

    async def _answer(self, request: HTTPServerRequest) -> None:
        connection: Any = request.connection
        gone = asyncio.Event()
        connection.set_close_callback(gone.set)
        received = False

        async def receive() -> dict[str, Any]:
            nonlocal received
            if not received:
                received = True
                return {"type": "http.request", "body": request.body, "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = HTTPHeaders()
                for name, value in message["headers"]:
                    headers.add(name.decode("latin-1"), value.decode("latin-1"))
                status = message["status"]
                line = ResponseStartLine("HTTP/1.1", status, responses.get(status, ""))
                await connection.write_headers(line, headers)
                return
            if message.get("body"):
                await connection.write(message["body"])
            if not message.get("more_body"):
                connection.finish()

        try:
            await self._application(self._scope(request), receive, send)
        except Exception:  # noqa: BLE001 The caller has gone, or Django has said what is wrong.
            if not gone.is_set():
                connection.close()

    def _scope(self, request: HTTPServerRequest) -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(request.path),
            "raw_path": request.path.encode(),
            "query_string": request.query.encode(),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in request.headers.get_all()
            ],
            "client": (request.remote_ip, 0),
            "server": ("127.0.0.1", self.port),
        }
