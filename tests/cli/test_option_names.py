"""A sentence names what the user gave: an option on the command line, a field in Python and in a file."""

import pytest

from cachesim.errors import BadInput
from cachesim.scenario import Scenario
from tests.cli.calls import refused

TRACE = "time,key,op\n0,a,get\n1,b,get\n2,a,get\n"
REFUSED = {
    "compare --duration 20": "--warmup must be shorter than the duration (20 s), got 20",
    "compare --duration 10 --warmup 15": "--warmup must be shorter",
    "compare --trace FILE --format csv --warmup 5": "--warmup must be shorter",
    "compare --trace FILE --format zzz": '--format "zzz" is unknown; choose from cache2k',
    "compare --policy nonsense": '--policy "nonsense" is unknown to redis; choose from volatile-lru',
    "compare --engine redis,memcached --policy nonsense": '--policy "nonsense"',
    "compare --memory 10": "--memory must be at least",
    "compare --engine memcached --memory 100kb": "--memory must be >= 1 MiB",
    "compare --value-size lognormal:500": "--value-size: a value size is bytes",
    "compare --preset cluster99": "--preset: unknown preset",
    "replay FILE --format csv --engine memcached --memory 1": "--memory must be >= 1 MiB",
    "replay FILE --format csv --engine redis --memory 1mb --policy xx": '--policy "xx"',
    "replay FILE --format csv --curve --sizes 0": "--sizes must be numbers",
    "replay FILE --format csv --curve --policies lur": '--policies: unknown policy "lur"',
    "serve --maxmemory 10": "--maxmemory: ",
    "serve --policy xx": '--policy "xx"',
    "serve --sasl FILE": "--sasl is for --engine memcached, got redis",
    "serve --engine memcached --sasl FILE --auth-file FILE": "--sasl is for the binary protocol",
    "serve --engine memcached --sasl nowhere --port 0": "--sasl: nowhere cannot be read",
    "serve --engine memcached --auth-file FILE --port 0": "--auth-file: FILE, line 1: a line is",
    "serve --engine simple --requirepass x": "--requirepass is for --engine redis, got --engine simple",
    "serve --shards 2 --aclfile x": "--aclfile is for one server, not for --shards; leave one",
    "serve --tls-cert-file x": "the options of TLS need --tls-port; give a port, such as 6380",
    "serve --tls-port 0": "TLS needs a certificate and its key; give --tls-cert-file and --tls-key-f",
    "serve --config none": "cannot read none: No such file or directory; give the path of a redis.c",
    "serve --config FILE": 'FILE: line 1, "time,key,op", has no value; write the value behind',
    "serve --aclfile none": "Error loading ACLs, opening file 'none': No such file or directory",
    "fidelity --memory 1kb": "--memory must be at least",
    "sweep TOML --vary cache.memory=1": "--vary cache.memory: ",
    "sweep TOML --vary warmup=90": "--vary warmup: ",
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_refusal_names_the_option(words, tmp_path, monkeypatch):
    """Whatever a spec below says of its fields."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").write_text(TRACE)
    (tmp_path / "TOML").write_text("seed = 1\n")

    assert refused(*words.split()).startswith(f"cachesim: {REFUSED[words]}")


def test_elsewhere_it_is_the_field(tmp_path):
    """In Python, and of a scenario file, whose command has no such option."""
    with pytest.raises(BadInput, match=r"^Scenario\.warmup must be shorter"):
        Scenario(duration=20)
    (tmp_path / "a.toml").write_text("duration = 20\n")

    assert "Scenario.warmup must be shorter" in refused("run", tmp_path / "a.toml")
