"""Specs: frozen, checked, named fields only; every field's rule refuses what it should, in one sentence."""

import math
import pickle
from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cachesim
from cachesim.errors import BadInput
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Exponential, Lognormal
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.popularity import Drift, Scan, Uniform, Zipf
from cachesim.model.strategies.lazy import LazyLoading, WriteAround
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.scenario import Scenario
from cachesim.spec import Bytes, Count, Seconds, Share, Spec, differences, field_types, fields_of

SPECS = [
    Constant, Exponential, Lognormal, Uniform, Zipf, Drift, Scan, OpenLoop, ClosedLoop, Node, Network, Database,
    LazyLoading, WriteAround, WriteThrough, Scenario,
]  # fmt: skip


class Part(Spec):
    """A part of a whole."""

    share: Share = 0.5


class Whole(Spec):
    """One field of every shape."""

    ttl: Seconds = math.inf
    size: Bytes | None = None
    count: Count = 1
    name: str = "x"
    kind: Literal["one", "two"] = "one"
    live: bool = True
    make: Callable[[], object] = dict
    part: Part = Part()


def refused(what):
    """Return the sentence."""
    with pytest.raises(BadInput) as caught:
        what()
    return str(caught.value)


def test_a_spec_is_frozen():
    """Nothing is changed; `replace` gives another."""
    whole = Whole()
    with pytest.raises(AttributeError):
        whole.count = 2

    assert (1, 2) == (whole.count, whole.replace(count=2).count)


def test_equal_fields_make_equal_specs():
    """Equality, hash and pickle go by the fields."""
    assert Whole(ttl=60, part=Part(share=0.1)) == Whole(ttl=60.0, part=Part(share=0.1))
    assert len({Whole(), Whole(), Whole(count=2)}) == 2
    assert Scenario(seed=3) == pickle.loads(pickle.dumps(Scenario(seed=3)))
    assert Part() != Whole()


def every_spec():
    """Return every spec class of the package that has a default for each field."""
    found, todo = [], [Spec]
    while todo:
        todo += (classes := todo.pop().__subclasses__())
        found += [c for c in classes if c.__module__.startswith(cachesim.__name__)]
    without = {"ServerSpec", "TraceReplay"}  # a program, a file: no default would be right
    return sorted({c for c in found if c.__name__ not in without}, key=lambda c: c.__qualname__)


@pytest.mark.parametrize("cls", every_spec(), ids=lambda c: c.__name__)
def test_every_spec_is_a_key(cls):
    """Two equal specs are one key of a dict, whatever names the module of their class has."""
    assert hash(cls()) == hash(cls().replace())
    assert 1 == len({cls(), cls().replace()})


def test_a_spec_with_a_list_is_a_key():
    """What has no hash of its own is left out; equal specs still find each other."""

    class Loose(Spec):
        """One field that takes anything."""

        anything: object = None

    for value in ([1], {"a": [1]}, {1}, ([1], 2), np.arange(0)):
        assert "found" == {Loose(anything=value): "found"}[Loose(anything=value)]
    assert 2 == len({Loose(anything=[1]), Loose(anything=[2])})


def test_a_name_in_the_module_does_not_matter():
    """A module that calls something else `hash` has specs that are keys."""
    world = {"__name__": "shadowed", "Spec": Spec, "Count": Count, "hash": "not a function"}
    exec("class Mine(Spec):\n    count: Count = 1", world)

    assert 1 == len({world["Mine"](), world["Mine"]()})
    assert 2 == len({world["Mine"](), world["Mine"](count=2)})


def test_a_spec_shows_what_differs():
    """Only fields that are not as by default, parts included; a class by its name."""
    assert "Whole()" == repr(Whole())
    assert "Whole(ttl=5.0, make=list, part=Part(share=0.1))" == repr(
        Whole(ttl=5, make=list, part=Part(share=0.1))
    )
    assert {"count": 3} == differences(Whole(count=3))
    assert ["ttl", "size", "count", "name", "kind", "live", "make", "part"] == list(
        fields_of(Whole())
    )


def test_numbers_of_numpy_are_numbers():
    """They become Python's own, so that equal specs look equal."""
    whole = Whole(ttl=np.float32(2.5), size=np.int64(7), count=np.int32(2))

    assert "Whole(ttl=2.5, size=7, count=2)" == repr(whole)
    assert (float, int, int) == (type(whole.ttl), type(whole.size), type(whole.count))


def test_replace_reaches_into_parts():
    """`part__field`, several at once, and as deep as there are parts."""
    found = Scenario().replace(workload__popularity__keys=7, workload__reads=0.5, seed=9)

    assert (7, 0.5, 9) == (found.workload.popularity.keys, found.workload.reads, found.seed)
    assert Whole(part=Part(share=0.25), count=4) == Whole().replace(
        part=Part(), part__share=0.25, count=4
    )


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (
            lambda: Whole(5),
            "Whole takes fields by name only, got 5; its fields are: ttl, size, count, name",
        ),
        (lambda: Whole(tll=5), 'Whole has no field "tll"; its fields are: ttl, size, count, name'),
        (lambda: Whole().replace(tll=5), 'Whole has no field "tll"'),
        (
            lambda: Whole().replace(prt__share=5),
            'Whole has no part "prt" to replace "prt__share" in',
        ),
        (lambda: Whole().replace(count__x=5), 'Whole has no part "count" to replace "count__x" in'),
        (lambda: Whole().replace(part__share=5), "Part.share must be between 0 and 1, got 5.0"),
        (lambda: Whole().replace(part__x=5), 'Part has no field "x"; its fields are: share'),
        (lambda: Whole(ttl=0), "Whole.ttl must be > 0 seconds (inf for no limit), got 0.0"),
        (lambda: Whole(ttl=-5), "Whole.ttl must be > 0 seconds (inf for no limit), got -5.0"),
        (lambda: Whole(ttl=math.nan), "Whole.ttl must be > 0 seconds (inf for no limit), got nan"),
        (lambda: Whole(ttl="5"), "Whole.ttl must be a number, got '5'"),
        (lambda: Whole(ttl=True), "Whole.ttl must be a number, got True"),
        (lambda: Whole(ttl=None), "Whole.ttl must be a number, got None"),
        (lambda: Whole(size=0), "Whole.size must be >= 1 byte, got 0"),
        (lambda: Whole(size=1.5), "Whole.size must be a whole number or None, got 1.5"),
        (lambda: Whole(count=0), "Whole.count must be from 1 to 10,000,000, got 0"),
        (lambda: Whole(count=2.0), "Whole.count must be a whole number, got 2.0"),
        (lambda: Whole(name=1), "Whole.name must be a text, got 1"),
        (lambda: Whole(kind="three"), "Whole.kind must be one of one, two, got 'three'"),
        (lambda: Whole(live=1), "Whole.live must be true or false, got 1"),
        (lambda: Whole(make=5), "Whole.make must be a Callable, got 5"),
        (lambda: Whole(part=0.5), "Whole.part must be a Part, got 0.5"),
        (lambda: Whole(part=Whole()), "Whole.part must be a Part, got Whole()"),
    ],
)
def test_a_broken_rule_has_its_sentence(what, sentence):
    """The thing, the value, the rule; for a wrong name the names there are."""
    assert refused(what).startswith(sentence)


def test_the_bounds_themselves():
    """What the rules just allow."""
    assert (1e-9, 1, 1) == (Whole(ttl=1e-9).ttl, Whole(size=1).size, Whole(count=1).count)
    assert (0.0, 1.0) == (Part(share=0).share, Part(share=1).share)
    assert Whole(size=None).size is None


def every_field():
    """Yield (spec, field) for every field of every spec of the model."""
    for spec in SPECS:
        for name in field_types(spec):
            yield pytest.param(spec, name, id=f"{spec.__name__}.{name}")


@pytest.mark.parametrize(("spec", "name"), [*every_field()])
def test_every_field_refuses_what_cannot_be_right(spec, name):
    """NaN, an object of no kind, and a number below every range: one sentence that begins with the field's name."""
    kinds, _ = field_types(spec)[name]
    wrong = [object(), -1 if int in kinds else -1.0]
    wrong += [math.nan] if float in kinds else []
    for value in wrong:
        sentence = refused(lambda value=value: spec(**{name: value}))

        assert sentence.startswith(f"{spec.__name__}.{name} must be ")
        assert "\n" not in sentence


@pytest.mark.parametrize("spec", SPECS)
def test_every_spec_is_made_without_arguments(spec):
    """Every field has a default, and the default shows nothing."""
    assert f"{spec.__name__}()" == repr(spec())


@given(st.one_of(st.floats(), st.integers(), st.text(max_size=3), st.none(), st.booleans()))
def test_a_field_takes_a_value_or_says_no(value):
    """Whatever comes: it is taken and keeps the rule, or refused with BadInput; nothing else happens."""
    try:
        taken = Part(share=value).share
    except BadInput as refusal:
        sentence = str(refusal)
    else:
        sentence = "Part.share must be right" if 0 <= taken <= 1 else f"it took {value!r}"

    assert sentence.startswith("Part.share must be ")


def test_a_warm_up_must_leave_something_to_measure():
    """A rule between two fields has its sentence too."""
    expected = "Scenario.warmup must be shorter than the duration (10 s), got 10; nothing would be left to measure"

    assert expected == refused(lambda: Scenario(duration=10, warmup=10))
    assert 9.5 == Scenario(duration=10, warmup=9.5).warmup


def test_a_spec_of_specs_inherits_fields():
    """A subclass adds its own fields to those it has."""

    class More(Part):
        """A part with more."""

        extra: Count = 2

    assert "More(share=0.1, extra=3)" == repr(More(extra=3, share=0.1))
    assert Whole(part=More()).part == More()
