"""Set the course up and start it, on every platform, with the standard library alone.

    python3 start.py setup       install everything into .venv, once; with --again, once more
    python3 start.py lab         open the course in JupyterLab
    python3 start.py test        prove all of it
    python3 start.py lock        write the lock files again, after a change of pyproject.toml

Any other word is handed to the `course` command. Each command sets up first where that is needed.
On Windows write `py start.py lab`. Nothing outside this folder is touched.

COURSE_REQUIREMENTS=requirements-ci.txt installs that lock file in place of requirements.txt.
Without a network: `course wheels DIR` gathers the packages on a machine that has one. They are
taken from the folder that WHEELS names, or from the folder `wheels` here.
"""
# Any Python must be able to read this file, so that an old one can say that it is too old. The
# linter would have it written for new ones only.
# ruff: noqa

from __future__ import print_function

import io
import os
import sys

OLDEST, NEWEST = (3, 12), (3, 14)
SPACE = 900  # MB that an installation takes, with what it downloads
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
WINDOWS = os.name == "nt"
BIN = os.path.join(VENV, "Scripts" if WINDOWS else "bin")
EXE = ".exe" if WINDOWS else ""
PYTHON = os.path.join(BIN, "python" + EXE)
UV = os.path.join(BIN, "uv" + EXE)
REQUIREMENTS = os.environ.get("COURSE_REQUIREMENTS", "requirements.txt")
WHEELS = os.environ.get("WHEELS") or os.path.join(ROOT, "wheels")
STAMP = os.path.join(VENV, "course-stamp")
# Stands while an installation is under way, and holds what it downloads. Found at the start of the
# next one, it says that the last one was interrupted.
UNFINISHED = os.path.join(ROOT, ".course", "setup")


def main(words):
    command = words[0] if words else "help"
    if command in ("help", "-h", "--help"):
        print(__doc__)
        return 0
    if read(STAMP) != expected_stamp() or words[:2] == ["setup", "--again"]:
        python = find_python()
        if python != [sys.executable]:
            return become(python + [os.path.abspath(__file__)] + words)
        set_up()
    if command == "setup":
        print("The course is set up. Open it with: make lab (or: python3 start.py lab)")
        return 0
    if command == "lock":
        return lock()
    course = os.path.join(BIN, "course" + EXE)
    return become(([] if WINDOWS else [PYTHON]) + [course] + words)


# Which Python


def find_python():
    """Return the command of a Python that fits: this one, or one from the usual places."""
    this = sys.version_info[:2]
    incomplete = None  # a version that fits, but cannot make virtual environments
    if OLDEST <= this <= NEWEST and os.path.dirname(sys.executable) != BIN:
        try:
            import ensurepip  # noqa: F401
            import venv  # noqa: F401

            return [sys.executable]
        except ImportError:
            incomplete = this
    for command in candidates():
        version, complete = probe(command)
        if OLDEST <= version <= NEWEST:
            if complete:
                print("Python %d.%d is used in place of this %d.%d." % (version + this))
                return command
            incomplete = version
    if incomplete:
        stop(
            "Python %d.%d is here, but not its modules venv and ensurepip." % incomplete,
            "On Debian and Ubuntu they come with: sudo apt install python%d.%d-venv" % incomplete,
        )
    stop(
        "This is Python %d.%d. The course needs Python %d.%d to %d.%d." % (this + OLDEST + NEWEST),
        "None was found on the PATH (as python3.14, python3.13 or python3.12), by the py launcher",
        "of Windows, or in the versions folder of pyenv (.python-version asks for %s)." % wanted(),
        "Get one from https://www.python.org/downloads/ and give the same command again.",
    )


def wanted():
    return (read(os.path.join(ROOT, ".python-version")) or "").strip()


def candidates():
    """Yield commands that may be a fitting Python, the version of .python-version first."""
    versions = os.environ.get("PYENV_ROOT") or os.path.join(os.path.expanduser("~"), ".pyenv")
    versions = os.path.join(versions, "versions")
    installed = os.listdir(versions) if os.path.isdir(versions) else []
    names = ["3.%d" % minor for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    for name in sorted(names, key=lambda name: name != wanted()):
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            path = os.path.join(folder, "python" + name + EXE)
            if os.access(path, os.X_OK) and folder != BIN:
                yield [path]
        if WINDOWS:
            yield ["py", "-" + name]
        for version in sorted(installed):
            if version.startswith(name + "."):
                parts = ["python.exe"] if WINDOWS else ["bin", "python"]
                yield [os.path.join(versions, version, *parts)]


def probe(command):
    """Return the version of a Python, and whether it can make virtual environments."""
    os.environ["PYTHON_MANAGER_AUTOMATIC_INSTALL"] = "false"  # `py -3.14` would install one
    code = "import sys; print(sys.version_info[0]); print(sys.version_info[1])"
    words = run(command + ["-c", code + "; import venv, ensurepip; print('complete')"])[1].split()
    try:
        return (int(words[0]), int(words[1])), words[2:] == ["complete"]
    except (IndexError, ValueError):
        return (0, 0), False


# The environment


def expected_stamp():
    """Return what the stamp holds when .venv fits: where it stands, and what it was made from."""
    import hashlib

    digest = hashlib.sha256()
    for name in (REQUIREMENTS, "pyproject.toml"):
        digest.update((read(os.path.join(ROOT, name)) or "").encode("utf-8"))
    return "%s\n%s %s\n" % (ROOT, REQUIREMENTS, digest.hexdigest())


def set_up():
    """Make .venv and install the lock file and the project into it.

    The stamp is written last: whatever happens before, the next run begins again.
    """
    import shutil
    import venv

    requirements = os.path.join(ROOT, REQUIREMENTS)
    if os.environ.get("WHEELS") and not os.path.isdir(WHEELS):
        stop("WHEELS names no folder: %s" % WHEELS, "`course wheels DIR` makes one.")
    if not os.path.exists(requirements):
        stop("%s is missing. Bring it back: git checkout %s" % (requirements, REQUIREMENTS))
    try:
        whole = not os.path.isdir(UNFINISHED) and run([PYTHON, "-m", "pip", "--version"])[0]
        whole = whole and OLDEST <= probe([PYTHON])[0] <= NEWEST
        if not os.path.isdir(UNFINISHED):
            os.makedirs(UNFINISHED)
        if os.path.exists(STAMP):
            os.remove(STAMP)
        if not whole:
            if shutil.disk_usage(ROOT).free < SPACE * 1e6:
                raise OSError(28, "less than %d MB free" % SPACE, ROOT)
            print("Making .venv with Python %s ..." % sys.version.split()[0])
            venv.create(VENV, clear=True, with_pip=True, symlinks=not WINDOWS)
        install(requirements)
        # A kernel that has not loaded the course yet answers %%watch with a sentence.
        settings = os.path.join(VENV, "etc", "ipython")
        os.makedirs(settings, exist_ok=True)
        shutil.copy(os.path.join(ROOT, "tutor", "desk", "ipython_kernel_config.py"), settings)
        shutil.rmtree(UNFINISHED)
        with open(STAMP, "w", encoding="utf-8") as file:
            file.write(expected_stamp())
    except OSError as error:
        explain(str(error))
    except KeyboardInterrupt:
        stop("Interrupted. The next run takes it up again.")
    except Exception as error:  # ensurepip's own failure comes as a CalledProcessError
        explain("%s %s" % (error, getattr(error, "output", "") or ""))


def install(requirements):
    """Install with uv, which takes seconds; with pip where uv cannot be had."""
    os.environ.setdefault("UV_CACHE_DIR", os.path.join(UNFINISHED, "uv"))
    os.environ.setdefault("PIP_CACHE_DIR", os.path.join(UNFINISHED, "pip"))
    uv_alone = os.path.join(UNFINISHED, "uv.txt")
    with open(uv_alone, "w", encoding="utf-8") as file:
        file.write(entry("uv", read(requirements)))
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--no-deps"]
    uv = [UV, "pip", "install", "--python", PYTHON, "--no-deps"]
    locked = ["--require-hashes", "-r"]
    project = ["--no-build-isolation", "-e", ROOT]
    if os.path.isdir(WHEELS):
        offline = ["--no-index", "--find-links", WHEELS]
        pip, uv = pip + offline, uv + offline
        print("Installing the packages of %s from the folder %s ..." % (REQUIREMENTS, WHEELS))
    else:
        print("Installing the packages of %s (about 170 MB, once) ..." % REQUIREMENTS)
    done, output = run(pip + locked + [uv_alone])
    if done:
        done, output = run(
            uv + ["--compile-bytecode"] + locked + [requirements], show="Downloading"
        )
    if done:
        installer = uv
    else:
        print("uv cannot be used here. pip does the same, more slowly ...")
        done, output = run(pip + locked + [requirements], show=" MB)")
        installer = pip
    if done:
        done, output = run(installer + project)
    if not done:
        explain(output)


def entry(name, lock_text):
    """Return one package's lines of a lock file: its version and its hashes."""
    found = []
    for line in lock_text.splitlines():
        if found and not line.startswith(" "):
            break
        if found or line.startswith(name + "=="):
            found.append(line)
    return "\n".join(found) + "\n"


def lock():
    """Write both lock files: what learners install, and what CI adds to it."""
    base = [UV, "pip", "compile", "--universal", "--python-version", "%d.%d" % OLDEST]
    base += ["--generate-hashes", "--no-header", "--no-annotate", "--no-cache", "-q"]
    base += ["pyproject.toml", "--extra", "test", "--extra", "build"]
    more = ["--extra", "postgres", "--extra", "browser", "--extra", "live"]
    more += ["-c", "requirements.txt"]
    os.chdir(ROOT)
    for words in (["-o", "requirements.txt"], more + ["-o", "requirements-ci.txt"]):
        done, output = run(base + words)
        if not done:
            explain(output)
    print("requirements.txt and requirements-ci.txt are written.")
    return 0


# Processes and sentences


def read(path):
    """Return the text of a file, or None where there is none."""
    try:
        with io.open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, IOError, UnicodeDecodeError):
        return None


def run(command, show=None):
    """Run a command; return whether it succeeded, and what it said.

    Lines that hold the text `show` are printed as they come, as a sign of life.
    """
    import subprocess

    sys.stdout.flush()
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        return False, str(error)
    lines = []
    for raw in process.stdout:
        line = raw.decode("utf-8", "replace")
        lines.append(line)
        if show and show in line:
            print("  " + line.strip())
            sys.stdout.flush()
    return process.wait() == 0, "".join(lines)


def become(command):
    """Turn into the command, or, where the system cannot, run it and wait for its end."""
    sys.stdout.flush()
    if not WINDOWS:
        os.execvp(command[0], command)
    import subprocess

    process = subprocess.Popen(command)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the command got the Ctrl-C as well, and ends in its own time
            pass


def explain(output):
    """End with the sentence that fits what a failed step said."""
    lines = [line for line in output.strip().splitlines() if line.strip()][-12:]
    print("\n".join(lines))
    if "Errno 28" in output or "No space left" in output or "os error 28" in output:
        stop("The disk is full. About %d MB are needed: make room and run it again." % SPACE)
    if "Errno 13" in output or "Errno 30" in output or "ermission denied" in output:
        stop(
            "The folder %s cannot be written to." % ROOT,
            "Copy the course to a folder of your own, or close the programs that use its .venv.",
        )
    if os.path.isdir(WHEELS):
        stop(
            "The packages could not be installed from %s; the reason stands above." % WHEELS,
            "Mostly the folder is for another system, or for another version of Python than %d.%d."
            % sys.version_info[:2],
            "Gather it again on a machine like this one: course wheels DIR",
        )
    stop(
        "The packages could not be installed; the reason stands above. Mostly it is the network.",
        "Offline: connect, and give the same command again; what was downloaded is kept.",
        "Behind a proxy: set HTTPS_PROXY. With a mirror: set PIP_INDEX_URL and UV_INDEX_URL.",
    )


def stop(*sentences):
    sys.stdout.flush()
    sys.exit("\n".join(sentences))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
