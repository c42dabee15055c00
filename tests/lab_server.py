"""Start the course as a learner does, for tests and benchmarks, and end it again."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ADDRESS = re.compile(r"http://\S+")


def start_lab(
    clone: Path, *options: str, timeout: float = 600
) -> tuple[str, subprocess.Popen[str]]:
    """Run `make lab` in a clone, without a browser; return its address once the page is served.

    Where there is no make, `python start.py lab` is run. `options` are handed to `course lab`; a
    free port is taken unless they name one. End it with `stop_lab`.
    """
    words = ["--no-browser", *options]
    if shutil.which("make"):
        command = ["make", "lab", f"ARGS={' '.join(words)}"]
    else:
        command = [sys.executable, "start.py", "lab", *words]
    process = subprocess.Popen(
        command, cwd=clone, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    until = time.monotonic() + timeout
    try:
        url = read_address(process)
        while not is_served(url):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The lab does not answer at {url}.")
            time.sleep(0.01)
    except BaseException:
        stop_lab(process)
        raise
    return url, process


def read_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("The course:") and (found := ADDRESS.search(line)):
            return found[0]
    raise RuntimeError("The lab ended before it said its address:\n" + "".join(said))


def is_served(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        raise
    except OSError:
        return False


def stop_lab(process: subprocess.Popen[str]) -> int:
    """End the lab and all that it started, as Ctrl-C does; return make's exit status."""
    if process.poll() is None:
        if os.name == "nt":
            subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], check=True)
        else:
            os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    return process.returncode
