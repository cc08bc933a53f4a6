"""Random sequences of calls of RDS, through boto3; tests/service/db_sequences.py says what must hold."""

import pytest

pytest.importorskip("boto3", reason="needs the extra aws")

from tests.service.db_sequences import DbSequencesOfClient, play


@pytest.mark.slow
def test_the_desk_of_rds_stays_in_order():
    """States are legal, the bill has what is there, and a restore has exactly the commits until its moment."""
    play(DbSequencesOfClient, 100)
