"""A plot says the same in its picture and in its table."""

import subprocess
import sys
from io import BytesIO

from PIL import Image

from glass.views.plots import Plot

PLOT = Plot(
    {"cursor": {1000: 0.5678, 100_000: 52.04}, "instances": {100_000: 1234.5, 10_000: 66, 1000: 6}},
    x="rows",
    y="time (ms)",
    title="Reading",
    log=True,
)


def test_the_table_has_all_numbers_under_their_x() -> None:
    assert str(PLOT) == (
        "time (ms), by rows  1,000  10,000  100,000\n"
        "cursor              0.568               52\n"
        "instances               6      66    1,234"
    )


def test_the_picture_names_its_axes_and_its_lines() -> None:
    figure = PLOT.figure()
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("rows", "time (ms)")
    assert (axes.get_title(), axes.get_xscale(), axes.get_yscale()) == ("Reading", "log", "log")
    assert [text.get_text() for text in figure.legends[0].texts] == ["cursor", "instances"]
    drawn = {line.get_label(): line.get_xydata().tolist() for line in axes.lines}
    assert drawn["instances"] == [[1000, 6], [10_000, 66], [100_000, 1234.5]]
    cursor, instances = axes.lines
    assert cursor.get_marker() != instances.get_marker()
    assert cursor.get_color() != instances.get_color()


def test_the_axes_count_evenly_unless_asked() -> None:
    (axes,) = Plot({"a": {1: 2}}, x="rows", y="queries").figure().axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "linear")


def test_the_picture_is_dark_on_white_in_every_theme() -> None:
    forms = PLOT._repr_mimebundle_()
    assert forms["text/plain"] == str(PLOT)
    assert isinstance(forms["image/png"], bytes)
    picture = Image.open(BytesIO(forms["image/png"])).convert("RGBA")
    assert picture.getpixel((0, 0)) == (255, 255, 255, 255)
    colours = {colour: number for number, colour in picture.getcolors(1 << 20)}
    assert colours[(255, 255, 255, 255)] > picture.width * picture.height / 2
    assert {(0, 0, 0, 255), (0, 0x72, 0xB2, 255), (0xD5, 0x5E, 0, 255)} <= colours.keys()


def test_there_are_more_lines_than_looks() -> None:
    (axes,) = Plot({str(n): {1: n, 2: n} for n in range(9)}, x="x", y="y").figure().axes
    assert len(axes.lines) == 9


def test_matplotlib_is_loaded_only_to_draw() -> None:
    code = "import sys, glass, glass.views.plots; print('matplotlib' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
