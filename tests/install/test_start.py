"""start.py: any Python can read it, and what goes wrong gets a sentence."""

import ast
import os
import shutil
import subprocess
import sys
import venv
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tutor.paths import ROOT

OLD = [
    path
    for version in ("2.7", "3.6", "3.8", "3.11")
    for path in sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))[:1]
]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """start.py, as it stands in a fresh copy of the project."""
    monkeypatch.delenv("COURSE_REQUIREMENTS", raising=False)
    monkeypatch.delenv("WHEELS", raising=False)
    for name in ("start.py", "pyproject.toml", "requirements.txt", ".python-version"):
        shutil.copy(ROOT / name, tmp_path)
    spec = spec_from_file_location("fresh_start", tmp_path / "start.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stamp(start: ModuleType) -> Path:
    path = Path(start.STAMP)
    path.parent.mkdir(exist_ok=True)
    path.write_text(start.expected_stamp())
    return path


def refuse(*args: object, **kwargs: object) -> None:
    pytest.fail("This was not to be called.")


def test_an_old_python_can_read_it() -> None:
    ast.parse((ROOT / "start.py").read_text(), feature_version=(3, 6))


@pytest.mark.parametrize("python", OLD, ids=lambda path: path.parent.parent.name)
def test_an_old_python_says_what_is_needed(python: Path, start: ModuleType) -> None:
    done = subprocess.run(
        [python, str(start.__file__), "lab"],
        env={"PATH": "", "PYENV_ROOT": str(Path(start.ROOT) / "none")},
        check=False,
        capture_output=True,
        text=True,
    )
    version = ".".join(python.parent.parent.name.split(".")[:2])
    assert done.returncode == 1
    assert f"This is Python {version}. The course needs Python 3.12 to 3.14." in done.stderr
    assert "PATH" in done.stderr and "pyenv" in done.stderr and "py launcher" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a link stands in for an installed Python")
def test_an_old_python_hands_over_to_a_newer_one(
    start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = tmp_path / ("python{}.{}".format(*sys.version_info))
    newer.symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    monkeypatch.setattr(start, "sys", SimpleNamespace(version_info=(3, 8, 1), stdout=sys.stdout))
    handed: list[list[str]] = []
    monkeypatch.setattr(start, "become", handed.append)
    monkeypatch.setattr(start, "set_up", refuse)
    start.sys.executable = "python3.8"
    start.main(["lab", "--port", "9"])
    assert handed == [[str(newer), start.__file__, "lab", "--port", "9"]]


def test_the_python_of_python_version_is_tried_first(
    start: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(start, "WINDOWS", False)
    for version in ("3.11.9", "3.12.1", "3.13.2", "3.14.0"):
        (tmp_path / "versions" / version).mkdir(parents=True)
    found = [Path(command[0]).relative_to(tmp_path).parts[1] for command in start.candidates()]
    assert found == ["3.13.2", "3.14.0", "3.12.1"]


def test_a_python_without_venv_gets_a_sentence(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    monkeypatch.setattr(start, "candidates", list)
    with pytest.raises(SystemExit, match=r"apt install python3\.\d+-venv"):
        start.main(["setup"])


def test_no_write_access(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: str, *args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(start.os, "makedirs", denied)
    with pytest.raises(SystemExit, match=r"cannot be written to\.\nCopy the course to a folder"):
        start.set_up()


def test_a_full_disk(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1))
    with pytest.raises(SystemExit, match=r"The disk is full. About 900 MB are needed"):
        start.set_up()


def test_a_missing_lock_file(start: ModuleType) -> None:
    Path(start.ROOT, "requirements.txt").unlink()
    with pytest.raises(SystemExit, match=r"requirements.txt is missing. Bring it back: git check"):
        start.set_up()


def test_no_network(start: ModuleType) -> None:
    """A real attempt, with pip forbidden to ask anybody; the next run knows it was not finished."""
    done = subprocess.run(
        [sys.executable, str(start.__file__), "setup"],
        env={
            "PATH": os.environ["PATH"],
            "SYSTEMROOT": os.environ.get("SYSTEMROOT", ""),
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": os.devnull,
        },
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "uv cannot be used here. pip does the same" in done.stdout
    assert "Offline: connect, and give the same command again" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert Path(start.UNFINISHED).is_dir() and not Path(start.STAMP).exists()


def test_a_folder_of_wheels_replaces_the_network(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = Path(start.ROOT, "wheels")
    wheels.mkdir()
    Path(start.UNFINISHED).mkdir(parents=True)
    asked: list[list[str]] = []
    monkeypatch.setattr(start, "run", lambda words, show=None: (not asked.append(words), ""))
    start.install("requirements.txt")
    assert len(asked) == 3  # uv, the packages, the project
    assert all("--no-index" in words and str(wheels) in words for words in asked)
    with pytest.raises(SystemExit, match="Gather it again on a machine like this one"):
        start.explain("No matching distribution")


def test_wheels_that_are_not_there(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHEELS", "/media/nothing")
    monkeypatch.setattr(start, "WHEELS", "/media/nothing")
    with pytest.raises(SystemExit, match="WHEELS names no folder: /media/nothing"):
        start.set_up()


def test_an_interrupted_setup_begins_afresh(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    (Path(start.ROOT) / "tutor" / "desk").mkdir(parents=True)
    shutil.copy(
        ROOT / "tutor" / "desk" / "ipython_kernel_config.py", Path(start.ROOT) / "tutor" / "desk"
    )
    Path(start.UNFINISHED).mkdir(parents=True)
    stamp(start)
    monkeypatch.setattr(start, "run", lambda command: (True, "3 13 complete"))
    monkeypatch.setattr(venv, "create", lambda path, clear, **_: steps.append(f"clear={clear}"))
    monkeypatch.setattr(start, "install", lambda path: steps.append("install"))
    start.set_up()
    assert steps == ["clear=True", "install"]
    assert not Path(start.UNFINISHED).exists()
    assert Path(start.STAMP).read_text() == start.expected_stamp()


def test_ctrl_c_leaves_no_stamp(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    stamp(start)
    monkeypatch.setattr(venv, "create", interrupted)
    with pytest.raises(SystemExit, match="Interrupted"):
        start.set_up()
    assert not Path(start.STAMP).exists()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.write_bytes(b"\xff\xfe half"), id="damaged stamp"),
        pytest.param(lambda path: path.unlink(), id="no stamp"),
        pytest.param(
            lambda path: (path.parent.parent / "requirements.txt").open("a").write("x==1\n"),
            id="changed lock",
        ),
    ],
)
def test_setup_runs_when_the_stamp_does_not_fit(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch, spoil: object
) -> None:
    assert callable(spoil)
    spoil(stamp(start))
    calls: list[str] = []
    monkeypatch.setattr(start, "find_python", lambda: [sys.executable])
    monkeypatch.setattr(start, "set_up", lambda: calls.append("set up"))
    start.main(["setup"])
    assert calls == ["set up"]


def test_the_second_setup_starts_no_other_program(start: ModuleType) -> None:
    stamp(start)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import start; "
        "start.main(['setup']); sys.exit('subprocess' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, start.ROOT], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "The course is set up." in done.stdout


def test_other_words_go_to_the_course_command(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp(start)
    handed: list[list[str]] = []
    monkeypatch.setattr(start, "become", handed.append)
    start.main(["progress", "--json"])
    assert handed[0][-2:] == ["progress", "--json"]
    assert Path(handed[0][-3]).stem == "course"


def test_uv_is_installed_from_the_lock_alone(start: ModuleType) -> None:
    found = start.entry("uv", (ROOT / "requirements.txt").read_text())
    first, *hashes = found.splitlines()
    assert first.startswith("uv==")
    assert len(hashes) > 10 and all("--hash=sha256:" in line for line in hashes)
    assert not hashes[-1].endswith("\\")


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize("target", ["setup", "lab", "test", "bench", "notebooks", "doctor", "lock"])
def test_make_is_only_a_shortcut(target: str) -> None:
    said = subprocess.run(
        ["make", "-n", target, "ARGS=--port 9"],
        cwd=ROOT,
        # This may itself run inside `make test`, which tells its children of it.
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        check=False,
        capture_output=True,
        text=True,
    )
    assert said.stdout.split()[1:] == ["start.py", target, "--port", "9"]


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_presents_a_lesson() -> None:
    said = subprocess.run(
        ["make", "-n", "present", "L=04", "ARGS=--fresh"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        check=False,
        capture_output=True,
        text=True,
    )
    assert said.stdout.split()[1:] == ["start.py", "present", "04", "--fresh"]
