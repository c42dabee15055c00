"""Where things stand in the project."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKSPACE = ROOT / "workspace"
STATE = ROOT / ".course"


def jupyter_environment() -> dict[str, str]:
    """Return the variables that keep all that Jupyter and IPython write inside the project."""
    home = STATE / "jupyter"
    return {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }


def keep_jupyter_inside() -> None:
    """Set these variables for this process and those it starts."""
    os.environ.update(jupyter_environment())
