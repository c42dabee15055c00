"""What lessons state and no cell can prove: the course project is set up, and has rows."""

from tests.project.conftest import rows, shared_rows

__all__ = ["rows", "shared_rows"]
