"""python -m partners.sandbox [PORT], in the folder course_project. It ends with its stdin."""

import os
import sys
import threading

from .server import Server


def end_with_stdin() -> None:
    while sys.stdin.buffer.read(1024):
        pass
    os._exit(0)


try:
    server = Server(int(sys.argv[1]) if len(sys.argv) > 1 else 9000)
except (OSError, OverflowError, ValueError) as error:
    sys.exit(f"No server there: {error}. Name a free port: python -m partners.sandbox 9001")
print(server.url, flush=True)
if not sys.stdin.isatty():
    threading.Thread(target=end_with_stdin, daemon=True).start()
try:
    server.serve_forever()
except KeyboardInterrupt:
    server.server_close()
