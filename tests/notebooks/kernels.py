"""A pytest plugin: nbval's kernels without its waits.

nbval starts a kernel when a notebook's first cell is due, and jupyter_client then waits 0.2 s for
silence and 0.1 s for the end of the last kernel. Here the next notebook's kernel starts while this
one's cells run, a kernel is ready when it says so, and nobody waits for its end. The cells are run
and compared by nbval as ever. It replaces a name inside nbval, so nbval's version is pinned.
"""

import subprocess
from collections import deque
from queue import Empty
from time import monotonic, sleep
from typing import Any, ClassVar

import nbval.plugin
import pytest
from jupyter_client.manager import KernelManager
from nbformat import NotebookNode
from nbformat.v4 import output_from_msg
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager, RunningKernel

from tutor.author.notebooks import kernel_environment
from tutor.paths import keep_jupyter_inside

GRACE = 0.5  # seconds a kernel has for its own clean-up
POLL = 0.5  # seconds between two looks at whether a silent kernel is still alive


class KernelDied(RuntimeError):
    """Its process has ended, and nobody asked it to."""


class Kernel(RunningKernel):
    """A kernel that is started without waiting for it; `ready()` waits."""

    _leaving: ClassVar[deque[KernelManager]] = deque()

    def __init__(self, kernel_name: str, cwd: str) -> None:
        self.started_as = (kernel_name, cwd)
        self.km = KernelManager(
            kernel_name=kernel_name, kernel_spec_manager=NbvalKernelspecManager()
        )
        self.km.start_kernel(
            cwd=cwd,
            env=kernel_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            extra_arguments=["--HistoryManager.hist_file=:memory:"],
        )
        self.kc = self.km.client()
        self.kc.start_channels()

    def ready(self, timeout: float = 60) -> "Kernel":
        """Wait until outputs will arrive: ipykernel greets each new listener."""
        try:
            while self.get_message("iopub", timeout)["msg_type"] != "iopub_welcome":
                pass
        except Empty:
            self.stop()
            raise RuntimeError(f"No kernel was ready after {timeout:g} seconds.") from None
        return self

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        """As JupyterLab sends it: the kernel remembers what was run, and catch_up() asks for that."""
        sent: str = self.kc.execute(
            cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False
        )
        return sent

    def get_message(self, stream: str, timeout: float | None = None) -> dict[str, Any]:
        """As nbval's; but a kernel that has died is told at once, not at the cell's limit."""
        end = monotonic() + (float("inf") if timeout is None else timeout)
        while True:
            alive = self.is_alive()  # asked first: what a dying kernel said last is still read
            try:
                message: dict[str, Any] = super().get_message(
                    stream, max(0, min(POLL, end - monotonic()))
                )
                return message
            except Empty:
                if not alive:
                    raise KernelDied("The kernel died while this cell ran.") from None
                if monotonic() >= end:
                    raise

    def outputs(self, msg_id: str, timeout: float = 60) -> list[NotebookNode]:
        """What the cell sent as `msg_id` puts out, as a notebook stores it."""
        found: list[NotebookNode] = []
        while True:
            message = self.get_message("iopub", timeout)
            kind, content = message["msg_type"], message["content"]
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            if kind == "status" and content["execution_state"] == "idle":
                return found
            if kind in ("stream", "display_data", "execute_result", "error"):
                found.append(output_from_msg(message))

    def stop(self) -> None:
        """Ask the kernel to go; whoever was asked a notebook ago has had the time."""
        self.kc.stop_channels()
        self.km.request_shutdown()
        self._leaving.append(self.km)
        del self.km
        self.see_off(keep=2)

    @classmethod
    def see_off(cls, keep: int = 0) -> None:
        """End all kernels but the last `keep` that were asked to go, and have not gone."""
        while len(cls._leaving) > keep:
            manager = cls._leaving.popleft()
            end = monotonic() + GRACE  # ipykernel misses a request now and then
            while manager.is_alive() and monotonic() < end:
                sleep(0.02)
            manager.shutdown_kernel(now=True)


class Kernels:
    """Hands out a kernel for each of `folders`, in order, and has the next ones started already."""

    def __init__(self, folders: list[str], ahead: int = 1) -> None:
        self.folders = deque(folders)
        self.ahead = ahead
        self.started: deque[Kernel] = deque()

    def take(
        self,
        kernel_name: str = CURRENT_ENV_KERNEL_NAME,
        cwd: str = ".",
        startup_timeout: float = 60,
    ) -> Kernel:
        if self.started and self.started[0].started_as != (kernel_name, cwd):
            self.close()  # the notebooks come in another order than foreseen
        if self.started:
            kernel = self.started.popleft()
        else:
            kernel = Kernel(kernel_name, cwd)
            if self.folders:
                self.folders.popleft()
        try:
            kernel.ready(startup_timeout)
        except KernelDied:
            # Its ports were free when they were chosen. Another program was quicker to take one.
            kernel.stop()
            kernel = Kernel(kernel_name, cwd).ready(startup_timeout)
        while self.folders and len(self.started) < self.ahead:
            self.started.append(Kernel(kernel_name, self.folders.popleft()))
        return kernel

    def close(self) -> None:
        for kernel in self.started:
            kernel.stop()
        self.started.clear()
        Kernel.see_off()


def pytest_configure() -> None:
    keep_jupyter_inside()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    files = dict.fromkeys(
        item.parent for item in session.items if isinstance(item.parent, nbval.plugin.IPyNbFile)
    )
    # A worker of pytest-xdist does not know which notebook it will be given next.
    known = not hasattr(session.config, "workerinput")
    kernels = Kernels([str(file.path.parent) for file in files] if known else [])
    session.config.add_cleanup(kernels.close)
    nbval.plugin.RunningKernel = kernels.take
