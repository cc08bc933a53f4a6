"""`cachesim compare` on a trace: packed or not, with times and operations or without."""

import gzip
import lzma

import pytest

from tests.cli.calls import ONE_RUN, done

PACK = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress}


@pytest.mark.parametrize("packed", PACK)
def test_a_trace_is_replayed(packed, tmp_path):
    """Of plain keys a share is turned into writes; it lasts as long as it has requests."""
    path = tmp_path / f"trace.txt{packed}"
    path.write_bytes(PACK[packed](b"\n".join(b"%d" % (n * n % 97) for n in range(2000))))
    options = ["--engine=simple", f"--trace={path}", "--format=lirs", "--writes=0.3", "--rate=500"]
    found = done("compare", *options, *ONE_RUN, "--out", tmp_path / "out", "--json").json

    assert 4.0 == found["scenario"]["duration"]
    assert 0.3 == found["scenario"]["workload"]["writes"]
    metrics = found["rows"][0]["metrics"]
    assert metrics["requests"]["mean"] == pytest.approx(0.8 * 2000, rel=0.1)
    assert metrics["write_p50"]["mean"] > 0


def test_a_trace_with_times_and_operations_keeps_them(tmp_path):
    """Its own pace, its own writes; the warm-up is a fifth."""
    rows = "".join(f"{n / 100},k{n % 7},{'set' if n % 4 == 0 else 'get'}\n" for n in range(400))
    (tmp_path / "t.csv").write_text("time,key,op\n" + rows)
    options = ["--engine=simple", "--trace", tmp_path / "t.csv", "--format=csv"]
    found = done("compare", *options, *ONE_RUN, "--out", tmp_path / "out", "--json").json

    assert 3.99 == found["scenario"]["duration"]
    assert 0.798 == pytest.approx(found["scenario"]["warmup"])
    assert 319 == pytest.approx(found["rows"][0]["metrics"]["requests"]["mean"], abs=2)


def test_a_golden_trace_runs_through_the_whole_model(traces, tmp_path):
    """The real web trace, five seconds of it."""
    path = traces / "cache2k_web12.trace.xz"
    options = ["--engine=simple", f"--trace={path}", "--format=cache2k", "--writes=0.1"]
    options += ["--duration=5", "--warmup=1", "--memory=300kb", "--value-size=200"]
    found = done("compare", *options, *ONE_RUN, "--out", tmp_path, "--json").json

    (row,) = found["rows"]
    assert row["metrics"]["requests"]["mean"] == pytest.approx(4000, rel=0.1)
    assert 0 < row["metrics"]["hit_ratio"]["mean"] < 1
