"""`cachesim anomalies`: the list, a run with its diagram, the promised JSON, and what is wrong in a sentence."""

import json

import pytest

from cachesim.cli import main


def call(capsys, *options):
    with pytest.raises(SystemExit) as done:
        main(["anomalies", *options])
    out, err = capsys.readouterr()
    return done.value.code, out, err


def test_the_list(capsys):
    """Without an id nothing runs: what there is, and how to run one."""
    code, out, _ = call(capsys)

    assert 0 == code
    assert "A6   thundering herd" in out
    assert "cachesim anomalies --all" in out


def test_one_is_run_and_drawn(capsys, tmp_path):
    """Predicted, measured, cured, ok; the interleaving as a PNG."""
    code, out, _ = call(capsys, "a26", "--jobs=1", f"--out={tmp_path}")

    assert 0 == code
    assert "A26  cross-zone cache" in out
    assert "ok" in out
    assert (tmp_path / "A26.png").read_bytes().startswith(b"\x89PNG")


def test_json(capsys, tmp_path):
    """Schema 1 and a row for each, with these names; the list has its own."""
    code, out, _ = call(capsys, "A26", "--json", "--jobs=1", f"--out={tmp_path}")
    told = json.loads(out)
    names = ["id", "name", "predicted", "measured", "low", "high", "cured", "ok"]

    assert (0, 1) == (code, told["schema"])
    assert [names] == [list(row) for row in told["rows"]]
    assert told["rows"][0]["ok"] is True
    assert "formula" in json.loads(call(capsys, "--json")[1])["rows"][0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(["A99"], 'anomaly "A99" is unknown'), (["A1", "--all"], "either ids or --all")],
)
def test_bad_input(capsys, options, sentence):
    """One sentence, exit code 2."""
    code, out, err = call(capsys, *options)

    assert (2, "") == (code, out)
    assert sentence in err
