"""A layer that a project adds by itself: nothing of glass is edited."""

import re

import pytest

import glass
from glass import layer, source, watch
from glass.layers import default_layers
from glass.patch import Patch
from glass.trace import record


class Oven:
    def bake(self, bread):
        return f"warm {bread}"


# A whole layer.


class Baking(layer.Event):
    __slots__ = ("bread",)
    layer = "oven"
    noun = "loaf"

    def label(self):
        return f"bake {self.bread}"


class OvenLayer(layer.Layer):
    name = "oven"
    help = "what is baked"
    attribute = "baked"
    kinds = (Baking,)

    def install(self):
        self.patches.set(Oven, "bake", self.watched)

    def watched(self, patch: Patch):
        def bake(oven, bread):
            event = Baking(source.caller(up=1))
            event.bread = bread
            record(event)
            return patch.original(oven, bread)

        return bake


@pytest.fixture
def oven():
    glass.register(OvenLayer())
    yield Oven()
    layer.unregister("oven")


def test_it_is_recorded_and_shown(oven):
    with watch("oven", show=False) as seen:
        for bread in ("rye", "<b>white</b>", "rye"):
            assert oven.bake(bread) == f"warm {bread}"
    assert [event.bread for event in seen.baked] == ["rye", "<b>white</b>", "rye"]
    assert seen.of(Baking) == seen.baked
    lines = seen.text().splitlines()
    assert lines[0] == "3 loafs"
    assert re.fullmatch(r"test_own_layer.py line \d+: bake rye, 2 times", lines[2])
    assert "bake &lt;b&gt;white&lt;/b&gt;" in seen.html()
    assert "bake" not in vars(oven)
    assert Oven.bake.__qualname__ == "Oven.bake"


def test_it_is_in_the_help_and_in_a_cell(shell, oven):
    assert "oven       what is baked" in watch.__doc__
    shell.ipython.user_ns["oven"] = oven
    assert "line 2: bake rye" in shell.run("%%watch oven sql\noven.bake('rye')").shown[0]
    assert "oven" in shell.run("%%watch ovn").err + shell.run("%%watch ovn").out
    assert "baked" in dir(shell.run("%%watch oven\noven.bake('rye')").seen)


def test_lanes_have_it(oven):
    with watch("oven", show=False) as seen:
        oven.bake("rye")
    assert "oven      bake rye" in str(glass.lanes(seen))


def test_it_is_not_there_before(shell):
    assert "oven" not in watch.__doc__
    with pytest.raises(ValueError, match="no layer called 'oven'"):
        watch("oven")
    with watch("sql", show=False) as seen:
        pass
    with pytest.raises(AttributeError, match=r"A trace has no 'baked'; it has queries, "):
        _ = seen.baked


def test_it_may_be_registered_again(oven):
    class Better(OvenLayer):
        default = True

    glass.register(Better())
    assert default_layers().count("oven") == 1
    with watch(show=False) as seen:
        oven.bake("rye")
    assert len(seen.baked) == 1


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"name": "unheard", "attribute": ""}, "'signals' has the name 'unheard'"),
        ({"name": "clash", "attribute": "queries"}, "'sql' has `seen.queries`"),
    ],
)
def test_names_are_not_taken_away(changed, says):
    with pytest.raises(ValueError, match=says):
        glass.register(type("Clash", (OvenLayer,), changed)())


def test_every_layer_of_glass_has_what_it_needs():
    assert set(default_layers()) == {"sql", "cache", "tasks", "mail", "signals", "http"}
    names = [each.name for each in layer.layers()]
    assert set(names) == {*default_layers(), "templates", "calls"}
    for each in layer.layers():
        assert each.help in watch.__doc__
        assert each.attribute
        for kind in each.kinds:
            assert kind.layer in each.names
            # A base without __slots__ would bring a __dict__ to each of thousands of events.
            assert all("__slots__" in vars(base) for base in kind.__mro__[:-1])
