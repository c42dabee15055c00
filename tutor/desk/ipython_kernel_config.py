"""What a kernel says to %%watch before the course is loaded: after a restart, say.

`make setup` copies this file into the environment. It imports neither glass nor Django, so that a
kernel starts as fast as before; `%load_ext glass` puts the real %%watch in its place.
"""

c = get_config()  # type: ignore[name-defined]  # noqa: F821
# At each start it warns that the traffic between the browser's server and the kernel, both on this
# machine, is not encrypted.
c.IPKernelApp.log_level = "ERROR"
c.InteractiveShellApp.exec_lines = [
    """
def watch(line, cell):
    from IPython.core.error import UsageError
    raise UsageError("%%watch is not loaded yet. Run the first cell again: %load_ext glass")
get_ipython().register_magic_function(watch, "cell"); del watch
"""
]
