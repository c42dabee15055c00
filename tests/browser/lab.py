"""Drive JupyterLab in a real browser: open a notebook, run it, look at what it shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import BrowserContext, Dialog, Locator, Page, sync_playwright

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = {"127.0.0.1", "localhost"}
SECONDS = 1000  # Playwright counts in milliseconds

# The page gives its application away under this name: `jupyter lab --expose-app-in-browser`.
APP = "window.jupyterapp"
PANEL = f"{APP}.shell.currentWidget"

SHOWN = f"path => window.jupyterapp && {PANEL}?.context?.path === path"
# The toolbar's "idle" comes too early; these do not.
READY = f"""async () => {{
    await {APP}.restored;
    await {PANEL}.sessionContext.ready;
    await {PANEL}.sessionContext.session.kernel.info;
}}"""


class Lab:
    """JupyterLab, one notebook at a time, and a record of what should not happen."""

    def __init__(self, browser: BrowserContext, url: str) -> None:
        parts = urlsplit(url)
        self.address = f"{parts.scheme}://{parts.netloc}"
        self.token = parse_qs(parts.query)["token"][0]
        self.browser = browser
        self.page = self._tab()
        self.strangers: list[str] = []  # requests to other hosts
        self.dialogs: list[str] = []  # what scripts said by alert()
        self.errors: list[str] = []  # exceptions that nobody caught in the page

    def _tab(self) -> Page:
        page = self.browser.new_page()
        page.set_default_timeout(30 * SECONDS)
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda socket: self._asked(socket.url))
        page.on("dialog", self._dialog)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in HERE:
            self.strangers.append(url)

    def _dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self, path: str) -> "Notebook":
        """Open a notebook of the workspace in a new tab and wait until its kernel answers.

        The notebook that was open before is closed, and its kernel ended.
        """
        if self.page.url != "about:blank":
            self.wait(f"() => {PANEL}.sessionContext.shutdown()")
        self.page.close()
        self.page = self._tab()
        self.page.goto(f"{self.address}/lab/tree/{path}?token={self.token}&reset")
        self.page.wait_for_function(SHOWN, arg=path)
        self.wait(READY)
        return Notebook(self, path)

    def wait(self, script: str, arg: object = None) -> None:
        """Wait for what a script in the page promises: Playwright itself would wait for ever."""
        late = f"new Promise((_, no) => setTimeout(no, {60 * SECONDS}, new Error('no answer')))"
        self.page.evaluate(f"arg => Promise.race([({script})(arg), {late}])", arg)

    def theme(self, name: str) -> None:
        """ "Light" or "Dark"."""
        self.wait(
            f"theme => {APP}.commands.execute('apputils:change-theme', {{theme}})",
            f"JupyterLab {name}",
        )
        light = str(name == "Light").lower()
        self.page.locator(f"body[data-jp-theme-light='{light}']").wait_for(state="attached")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")


class Notebook:
    """The notebook that the tab shows. Cells are counted from 0, as JupyterLab counts them."""

    def __init__(self, lab: Lab, path: str) -> None:
        self.lab = lab
        self.page = lab.page
        self.path = path

    def run_all(self) -> None:
        """Run every cell, and wait until the last one has run."""
        self.lab.wait(f"() => {APP}.commands.execute('notebook:run-all-cells')")

    def run(self, number: int) -> Locator:
        """Run one cell; return the place of its output."""
        self.lab.wait(
            f"""async number => {{
                {PANEL}.content.activeCellIndex = number;
                await {APP}.commands.execute('notebook:run-cell');
            }}""",
            number,
        )
        return self.output(number)

    def fill(self, number: int, code: str) -> Locator:
        """Type code over what a cell holds and run it, as a learner does; return its output."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(code)
        assert self.cells()[number]["source"] == code
        return self.run(number)

    def add(self, code: str) -> Locator:
        """Type code into a new last cell and run it; return its output."""
        number = len(self.cells())
        self.lab.wait(
            f"""async last => {{
                {PANEL}.content.activeCellIndex = last;
                await {APP}.commands.execute('notebook:insert-cell-below');
            }}""",
            number - 1,
        )
        return self.fill(number, code)

    def restart(self) -> None:
        self.lab.wait(f"() => {PANEL}.sessionContext.session.kernel.restart()")
        self.lab.wait(READY)

    def cells(self) -> list[dict[str, Any]]:
        """The cells as the notebook file would have them, with their outputs."""
        cells: list[dict[str, Any]] = self.page.evaluate(f"{PANEL}.model.toJSON().cells")
        return cells

    def problems(self) -> list[str]:
        """What went wrong when it ran: cells that did not run, error outputs, words on stderr."""
        found = []
        for number, cell in enumerate(self.cells()):
            if cell["cell_type"] != "code" or not cell["source"]:
                continue
            if not cell["execution_count"]:
                found.append(f"cell {number} did not run")
            for output in cell["outputs"]:
                if output["output_type"] == "error":
                    found.append(f"cell {number}: {output['ename']}: {output['evalue']}")
                elif output.get("name") == "stderr":
                    found.append(f"cell {number} on stderr: {output['text']}")
        return found

    def cell(self, number: int) -> Locator:
        """A cell, brought into view: JupyterLab draws only what is near."""
        self.page.evaluate(f"number => {PANEL}.content.scrollToItem(number, 'center')", number)
        return self.page.locator(f".jp-Cell[data-windowed-list-index='{number}']")

    def output(self, number: int) -> Locator:
        return self.cell(number).locator(".jp-Cell-outputArea")

    def outputs(self, kind: str) -> Iterator[Locator]:
        """The outputs that carry this media type, one after the other."""
        for number, cell in enumerate(self.cells()):
            if any(kind in output.get("data", {}) for output in cell.get("outputs", ())):
                yield self.output(number)


@contextmanager
def browser(chromium: str, url: str) -> Iterator[Lab]:
    """A browser with a fresh profile, and JupyterLab's address to open in it."""
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield Lab(chrome.new_context(viewport={"width": 1280, "height": 1400}), url)
        chrome.close()
