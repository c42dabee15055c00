"""reset() with 100,000 rows, beside flush + loaddata of the same rows."""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROWS = 100_000


def run() -> dict[str, float]:
    """In a process of its own: seconds of each way."""
    import glass

    glass.setup(ROOT)
    from company.models import Employee
    from django.core.management import call_command
    from django.db import connection

    from glass.sandbox import database

    call_command("more_employees", str(ROWS), verbosity=0, stdout=StringIO())
    wanted = Employee.objects.count()
    assert wanted > ROWS
    with tempfile.TemporaryDirectory() as folder:
        fixture = Path(folder, "rows.json")
        call_command("dumpdata", "company", output=str(fixture), verbosity=0)
        # The copy with its 100,000 rows becomes the template that reset() goes back to.
        connection.close()
        template = Path(folder, "template.sqlite3")
        shutil.copyfile(database.private.path, template)
        database.private.template = template

        def dirty() -> None:
            Employee.objects.filter(pk__lte=ROWS // 2).update(salary=1)

        def correct() -> bool:
            return Employee.objects.count() == wanted and not Employee.objects.filter(salary=1)

        times = []
        for _ in range(9):
            dirty()
            begin = time.perf_counter()
            glass.reset()
            Employee.objects.first()  # the connection is open again
            times.append(time.perf_counter() - begin)
            assert correct()
        dirty()
        begin = time.perf_counter()
        call_command("flush", interactive=False, verbosity=0)
        call_command("loaddata", str(fixture), verbosity=0)
        loaddata = time.perf_counter() - begin
        assert correct()
    return {"reset": statistics.median(times), "loaddata": loaddata}


def measure() -> dict[str, float]:
    """{"reset", "loaddata"} in seconds, and how many times faster reset() is."""
    done = subprocess.run(
        [sys.executable, __file__, "run"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found | {"ratio": found["loaddata"] / found["reset"]}


if __name__ == "__main__":
    print(json.dumps(run() if sys.argv[1:] else measure()))
