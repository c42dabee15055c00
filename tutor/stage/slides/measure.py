"""Does each slide of a lesson fit? A browser that nobody sees lays them all out, and says.

The page measures itself: with #check in its address, slides.js writes what it found in place of the
slides. So this needs a browser of the machine, and nothing that drives one.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import Any

from tutor.stage.slides import CannotShow, write

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
USUAL = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
SECONDS = 60


def unfit(paths: Iterable[Path]) -> list[str]:
    """A line for each slide that is too high or too wide: lesson, slide, pixels, its first words."""
    return [
        f"{path.stem}, slide {number}: {said} ({slide['first']})"
        for path, slides in measured(paths).items()
        for number, slide in enumerate(slides, start=1)
        if (said := too_much(slide))
    ]


def too_much(slide: dict[str, Any]) -> str:
    """ "57 px too high", where it is so."""
    parts = [("high", slide["over"]), ("wide", slide["wide"])]
    return ", ".join(f"{pixels} px too {which}" for which, pixels in parts if pixels > 1)


def measured(paths: Iterable[Path]) -> dict[Path, list[dict[str, Any]]]:
    """For each slide of each lesson: `over` and `wide`, the pixels that do not fit; `folded`, the
    pixels of its outputs that have to be scrolled to; and `first`, its first words.

    Raises CannotShow.
    """
    browser = next(filter(None, map(shutil.which, (*BROWSERS, *USUAL))), None)
    if browser is None:
        raise CannotShow("To measure slides, Chromium, Chrome or Edge must be installed.")
    found = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        paths = list(paths)
        write(paths, Path(folder))
        for path in paths:
            page = Path(folder, f"{path.stem}.html").as_uri() + "#check"
            profile = f"--user-data-dir={Path(folder, 'profile')}"
            words = [browser, *FLAGS, profile, "--virtual-time-budget=60000", "--dump-dom", page]
            try:
                done = subprocess.run(
                    words, check=False, capture_output=True, encoding="utf-8", timeout=SECONDS
                )
            except subprocess.TimeoutExpired:
                raise CannotShow(f"The browser took too long to show {path.name}.") from None
            body = re.search(r"<body[^>]*>(\[.*\])</body>", done.stdout, re.DOTALL)
            if body is None:
                raise CannotShow(f"The browser could not show {path.name}.")
            found[path] = json.loads(unescape(body[1]))
    return found
