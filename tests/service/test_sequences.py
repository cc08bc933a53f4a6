"""300 random sequences of calls through boto3; tests/service/sequences.py says what must hold."""

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

from tests.service.sequences import SequencesOfClient, play


@pytest.mark.slow
def test_an_account_stays_in_order():
    """States are legal, the bill has what runs, members lead, and what was deleted is gone."""
    play(SequencesOfClient, 300)
