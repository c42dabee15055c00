"""What a plain `pytest` needs at the root: the plugin that runs the notebooks quickly."""

pytest_plugins = ["tests.notebooks.kernels"]
