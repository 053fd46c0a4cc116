"""Reading of the replicas that were asked for."""

import pytest

from localmesh.errors import UsageError
from localmesh.plan import AGORA, parse_replicas


@pytest.mark.parametrize("text", ["catalog=3,order=1", "catalog=3 order=1", " catalog=3,  order=1,"])
def test_replicas_are_separated_by_commas_or_spaces(text: str):
    assert parse_replicas(text, AGORA) == {"catalog": 3, "order": 1}


@pytest.mark.parametrize(
    "text", ["ghost=1", "catalog=0", "catalog=-1", "catalog=100", "catalog", "catalog=two", "catalog=²"]
)
def test_unknown_services_and_bad_numbers_are_refused(text: str):
    with pytest.raises(UsageError):
        parse_replicas(text, AGORA)
