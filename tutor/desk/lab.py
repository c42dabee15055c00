"""Open the course in JupyterLab, on this machine only, with the learner's own copies.

Words that are not listed here are handed to JupyterLab.
"""

import argparse
import json
import os
import secrets
import signal
import socket
import sys
from pathlib import Path

from tutor.desk import workspace
from tutor.paths import WORKSPACE, keep_jupyter_inside

# JupyterLab's own settings, until the learner chooses others.
SETTINGS: dict[str, dict[str, object]] = {
    # Glass names lines, so the lines have numbers.
    "notebook-extension/tracker": {"codeCellConfig": {"lineNumbers": True}},
    # No question about news from another host.
    "apputils-extension/notification": {"fetchNews": "false"},
}
FIRST = "notebooks/00_start_here.ipynb"
HOST = "127.0.0.1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, help="default: 8888, or the next one that is free")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.set_defaults(rest=[])


def run(args: argparse.Namespace) -> int:
    try:
        for line in workspace.update():
            print(line)
    except OSError as error:
        print(workspace.not_writable(error), file=sys.stderr)
        return 1
    if problem := unusable(args.port):
        print(problem, file=sys.stderr)
        return 1
    serve(args, f"/lab/tree/{FIRST}")
    return 0


def unusable(port: int | None) -> str:
    """A sentence where the port that was asked for cannot be had."""
    if port is None or is_free(port):
        return ""
    return (
        f"Port {port} cannot be had: another program uses it, or it is not allowed. "
        "Leave --port out, and a free one is taken."
    )


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        if os.name != "nt":  # there it would allow a port that is in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            return False
    return True


def write_settings() -> None:
    folder = Path(os.environ["JUPYTERLAB_SETTINGS_DIR"], "@jupyterlab")
    for name, values in SETTINGS.items():
        file = folder / f"{name}.jupyterlab-settings"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values), encoding="utf-8")


def serve(args: argparse.Namespace, page: str, more: dict[str, object] | None = None) -> None:
    """Run JupyterLab in this process until it is ended; open this page of it."""
    keep_jupyter_inside()
    write_settings()
    token = secrets.token_urlsafe(24)
    os.environ["JUPYTER_TOKEN"] = token  # not as an argument, which every user of the machine sees
    # Importing it asks `node`, where there is one, how to build extensions: 0.4 s for nothing.
    path = os.environ.get("PATH", "")
    os.environ["PATH"] = os.devnull
    from jupyterlab.labapp import LabApp

    os.environ["PATH"] = path
    options = {
        "ServerApp.ip": HOST,
        "ServerApp.port": args.port or 8888,
        "ServerApp.port_retries": 0 if args.port else 100,
        "ServerApp.root_dir": WORKSPACE,
        "ServerApp.open_browser": not args.no_browser,
        "ServerApp.allow_root": True,  # the user of a container; the server is for this machine
        "Application.log_level": "ERROR",
        "LabApp.default_url": page,
        # Nothing here asks another host.
        "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.extension_manager": "readonly",
        "LanguageServerManager.autodetect": False,  # it would start npm to look for some
        **(more or {}),
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    server = LabApp.initialize_server([*words, *args.rest])
    # Ctrl-C ends it at once and in order. By itself it would ask first, or leave its files behind.
    signal.signal(signal.SIGINT, lambda *_: server.stop(from_signal=True))
    url = f"http://{HOST}:{server.port}{page}?token={token}"
    print(f"The course: {url}  (Ctrl-C ends it)", flush=True)
    server.start()
