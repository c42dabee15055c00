"""Lua for the scripts of a Redis client that reaches nothing outside itself.

fakeredis runs scripts by lupa, which by default gives them Python (`python.eval`) and Lua's own
`os.execute`: whoever may send a script could run programs as the learner. Redis itself gives
scripts neither (https://redis.io/docs/latest/develop/programmability/lua-api/#sandbox-context).
"""

from __future__ import annotations

from typing import Any, NoReturn

from fakeredis.commands_mixins import scripting_mixin

#: What a script of Redis has not, and Lua alone would give it.
FORBIDDEN = (
    *("python", "os", "io", "package", "debug", "require", "module", "dofile", "loadfile"),
    *("load", "loadstring", "getfenv", "setfenv", "newproxy"),
)


def _no_attributes(target: object, name: object, is_setting: bool) -> NoReturn:
    raise AttributeError("Scripts have no Python.")


class _SafeLua:
    """Stands for lupa's module, and makes runtimes without Python, files and processes."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def LuaRuntime(self, **options: Any) -> Any:
        options |= {
            "register_eval": False,
            "register_builtins": False,
            "attribute_filter": _no_attributes,
        }
        runtime = self._module.LuaRuntime(**options)
        runtime.execute(" ".join(f"{name} = nil" for name in FORBIDDEN))
        return runtime


def install() -> None:
    """Let all scripts that fakeredis runs in this process run in such a Lua. Again does no harm."""
    if not isinstance(scripting_mixin.LUA_MODULE, _SafeLua):
        scripting_mixin.LUA_MODULE = _SafeLua(scripting_mixin.LUA_MODULE)  # type: ignore[assignment]
