"""A slice does what the whole program does: random programs, run both ways."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.grading.box_modules import answer

NAME, NUMBER, HELPER = st.sampled_from("abcd"), st.integers(0, 3), st.sampled_from("gh")
SHAPES = [
    "{x} = {y}",
    "{x} = [len({y}), {n}]",
    "{x} = {x} + [{n}]",
    "{x} += [{n}]",
    "{x}.append({n})",
    "{x}.append(len({y}))",
    "{x}[0] = {n}",
    "{x}, {y} = {y}, {x}",
    "{x} = [{n}] if len({y}) > {n} else {z}",
    "del {x}[-1:]",
    "e = {x}.pop() if {x} else {n}",
    "for i in list({y})[:3]:\n    {x}.append(i)",
    "for i in [{x}, {y}]:\n    i.append({n})",
    "if len({y}) > {n}:\n    {x} = [{n}]",
    "while len({x}) < {n}:\n    {x}.append({n})",
    "try:\n    {x} = {y}[5]\nexcept IndexError:\n    {z} = [{n}]",
    "def {g}():\n    return len({y})",
    "def {g}():\n    {x}.append({n})\n    return len({y})",
    "def {g}():\n    i = {x}\n    i.append({n})\n    return 1",
    "def {g}():\n    global {x}\n    {x} = [{n}]\n    return 2",
    "def {g}({x}):\n    {x}.append({n})\n    return 3",
    "def {g}():\n    return {h}()",
    "{g}()",
    "{g}({x})",
    "{x} = [{g}()]",
    "class {g}:\n    def __new__(cls): return 4",
]
STATEMENT = st.builds(
    lambda shape, x, y, z, n, g, h: shape.format(x=x, y=y, z=z, n=n, g=g, h=h),
    st.sampled_from(SHAPES), NAME, NAME, NAME, NUMBER, HELPER, HELPER,
)  # fmt: skip
FIRST = ["a = [0]", "b = [1, 1]", "c = []", "d = [3]", "def g(): return 5", "def h(): return 6"]


@settings(max_examples=400)
@given(st.lists(STATEMENT, max_size=12), NAME)
def test_a_slice_gives_what_the_whole_program_gives(middle, name):
    """Whatever is bound, changed, called or reached by another name."""
    lines = [*FIRST, *middle, f"def f():\n    return {name}"]
    whole, sliced = {}, {}
    try:
        exec("\n".join(lines), whole)
    except (TypeError, RecursionError, IndexError):
        assume(False)
    ((_, code),) = answer("\n".join(lines)).parts()
    exec(code, sliced)

    assert whole["f"]() == sliced["f"](), code
