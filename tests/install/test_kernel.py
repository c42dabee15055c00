"""A kernel that was restarted says what to do, and the real %%watch takes the place of that."""

import shutil
from pathlib import Path

from jupyter_client.manager import start_new_kernel

from tutor.paths import ROOT


def run(client: object, code: str) -> tuple[str, str]:
    """Run a cell; return what it printed, and its error as one line."""
    printed: list[str] = []

    def hear(message: dict[str, dict[str, str]]) -> None:
        printed.append(message["content"].get("text", ""))

    reply = client.execute_interactive(code, timeout=60, output_hook=hear)  # type: ignore[attr-defined]
    content = reply["content"]
    return "".join(printed), f"{content.get('ename')}: {content.get('evalue')}"


def test_watch_before_the_first_cell(tmp_path: Path) -> None:
    """The settings stand where `make setup` puts them, here for a profile of the test's own."""
    profile = tmp_path / "profile_default"
    profile.mkdir()
    shutil.copy(ROOT / "tutor" / "desk" / "ipython_kernel_config.py", profile)
    manager, client = start_new_kernel(
        kernel_name="python3", extra_arguments=[f"--ipython-dir={tmp_path}"], cwd=str(ROOT)
    )
    try:
        _, error = run(client, "%%watch\nprint('not run')")
        assert error == (
            "UsageError: %%watch is not loaded yet. Run the first cell again: %load_ext glass"
        )
        printed, _ = run(
            client, "import sys\nprint('django.db' in sys.modules, 'watch' in globals())"
        )
        assert printed == "False False\n"
        run(client, "%load_ext glass")
        printed, error = run(client, "%%watch\nprint('run')")
        assert printed.startswith("run\n") and error == "None: None"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
