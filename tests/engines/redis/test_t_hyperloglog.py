"""HyperLogLog: by hand, against theory, and what it must refuse."""

import math

import pytest

from cachesim.engines.redis.hyperloglog import (
    DENSE_BYTES,
    EMPTY,
    REGISTERS,
    RUNS,
    dense,
    estimate,
    murmur,
    place_of,
    registers_of,
)
from tests.engines.redis.by_hand import WRONG, build, run

NOT_ONE = "-WRONGTYPE Key is not a valid HyperLogLog string value."
CORRUPTED = "-INVALIDOBJ Corrupted HLL object detected"
SCRIPTS = [
    [
        ("PFADD h a b c", 1), ("PFADD h a", 0), ("PFCOUNT h", 3), ("PFADD h", 0), ("PFADD new", 1), ("PFCOUNT new", 0),
        ("PFDEBUG DECODE h", b"Z:8436 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603"), ("PFDEBUG ENCODING h", "sparse"),
        ("OBJECT ENCODING h", b"raw"), ("STRLEN h", 16 + 4 * 2 + 3),
    ],
    [
        ("PFADD h a b c", 1), ("PFADD g c d", 1), ("PFCOUNT h g none", 4), ("PFMERGE m h g", "OK"), ("PFCOUNT m", 4),
        ("PFDEBUG TODENSE m", 1), ("PFDEBUG TODENSE m", 0), ("STRLEN m", DENSE_BYTES), ("PFCOUNT m", 4),
        ("PFDEBUG DECODE m", "-ERR HLL encoding is not sparse"), ("PFMERGE h m", "OK"), ("PFDEBUG ENCODING h", "dense"),
    ],
    [
        ("SET s text", "OK"), ("PFADD s a", NOT_ONE), ("PFCOUNT s h", NOT_ONE), ("PFMERGE h s", NOT_ONE),
        ("EXISTS h", 0),
        ("RPUSH l a", 1), ("PFADD l a", WRONG), ("PFCOUNT l", WRONG),
        ("PFDEBUG DECODE none", "-ERR The specified key does not exist"),
        ("PFADD h a", 1), ("PFDEBUG foo h", "-ERR Unknown PFDEBUG subcommand 'foo'"), ("PFSELFTEST", "OK"),
    ],
    [
        ("CONFIG SET hll-sparse-max-bytes 0", "OK"), ("PFADD h a", 1), ("PFDEBUG ENCODING h", "dense"),
        ("PFCOUNT h", 1),
    ],
]  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_by_hand_on_a_few_commands(script):
    """Adding, counting, merging, both forms, and what is none."""
    engine = build()
    for line, reply in script:
        assert reply == run(engine, line), line


@pytest.mark.parametrize("runs", [b"", b"\x00", b"\x7f\xff\x83", b"\x7f\xfe"], ids=str)
def test_runs_that_are_not_16384_registers_are_refused(runs):
    """Too few of them, or too many, whatever the command."""
    engine = build()
    engine.execute(("SET", "h", EMPTY[:15] + b"\x80" + runs))
    assert [CORRUPTED] * 2 == [run(engine, "PFCOUNT h"), run(engine, "PFMERGE m h")]
    assert CORRUPTED == run(engine, "PFDEBUG TODENSE h")


def test_the_number_is_kept_in_the_header():
    """PFCOUNT writes it, PFADD makes it stale; a wrong one is believed."""
    engine = build()
    run(engine, "PFADD h a")
    assert (0, 0x80) == (engine.get("h")[8], engine.get("h")[15])
    run(engine, "PFCOUNT h")
    assert (1, 0) == (engine.get("h")[8], engine.get("h")[15])
    run(engine, "SETRANGE h 8 7")
    assert ord("7") == run(engine, "PFCOUNT h")


def test_registers_of_six_bits():
    """What is packed comes back; the first register has the lowest bits of the first byte."""
    registers = bytes(number % 64 for number in range(REGISTERS))
    packed = dense(EMPTY, registers)
    assert registers == registers_of(packed)
    assert bytes((0b01_000000, 0b0010_0000, 0b000011_00)) == packed[16:19]


def test_the_hash_is_murmurs():
    """Test values of MurmurHash64A, seed 0: the empty text is 0."""
    assert 0 == murmur(b"", 0)
    numbers = {place_of(b"%d" % number)[0] for number in range(200_000)}
    assert REGISTERS == len(numbers)  # every register is met


def test_the_estimate_is_as_good_as_theory_says():
    """Of 40 counts of 5,000 elements the standard error is near 1.04 / sqrt(16,384), 0.81 %."""
    count, errors = 5_000, []
    for repeat in range(40):
        registers = bytearray(REGISTERS)
        for number in range(count):
            index, length = place_of(b"%d:%d" % (repeat, number))
            registers[index] = max(registers[index], length)
        errors.append(estimate(bytes(registers)) / count - 1)
    theory = 1.04 / math.sqrt(REGISTERS)
    error = math.sqrt(sum(each * each for each in errors) / len(errors))
    assert 0.7 * theory < error < 1.3 * theory
    assert abs(sum(errors) / len(errors)) < 3 * theory / math.sqrt(len(errors))


def test_full_registers_overflow_as_in_the_server():
    """If all are full, the estimate is infinite, and rounds to the lowest number."""
    assert -(2**63) == estimate(bytes([RUNS + 1]) * REGISTERS)
    assert 0 == estimate(bytes(REGISTERS))
