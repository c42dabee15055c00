"""What lesson 15 says of copies of a database."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest


@pytest.mark.parametrize(("mode", "copied"), [("wal", 0), ("delete", 1)])
def test_in_wal_mode_alone_the_newest_rows_are_not_in_the_file(
    mode: str, copied: int, tmp_path: Path
) -> None:
    file = tmp_path / "rows"
    with closing(sqlite3.connect(file)) as rows:
        rows.execute(f"PRAGMA journal_mode={mode}")
        rows.execute("CREATE TABLE customer (name)")
        if mode == "wal":
            rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with rows:
            rows.execute("INSERT INTO customer VALUES ('New')")
        shutil.copyfile(file, tmp_path / "copied")
        assert Path(f"{file}-wal").exists() == (mode == "wal")
    with closing(sqlite3.connect(tmp_path / "copied")) as copy:
        assert copy.execute("SELECT COUNT(*) FROM customer").fetchone() == (copied,)
