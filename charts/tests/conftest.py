"""Fixtures of the chart's checks."""

import chart
import pytest


@pytest.fixture(params=chart.VARIANTS)
def objects(request: pytest.FixtureRequest) -> list[chart.Object]:
    """The rendered objects of one variant after the other."""
    return chart.render(*chart.VARIANTS[request.param])
