"""Where things stand in the project."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKSPACE = ROOT / "workspace"
STATE = ROOT / ".course"


def jupyter_environment() -> dict[str, str]:
    """Return the variables that keep all that Jupyter and its kernels write inside the project."""
    home = STATE / "jupyter"
    return {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "MPLCONFIGDIR": str(STATE / "matplotlib"),  # its list of fonts, made once
    }


def keep_jupyter_inside() -> None:
    """Set these variables for this process and those it starts."""
    os.environ.update(jupyter_environment())


def in_venv() -> bool:
    """Whether this Python is that of the project's .venv, made by start.py; else it is conda's, say."""
    return Path(sys.prefix) == ROOT / ".venv"


def command(words: str) -> str:
    """Return what to type for a command of the course, or for `setup`."""
    if in_venv():
        return f"{'py' if os.name == 'nt' else 'python3'} start.py {words}"
    return "conda env update -f environment.yml" if "setup" in words else f"course {words}"
