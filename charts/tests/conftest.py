"""Fixtures of the chart's checks."""

import pytest

import chart


@pytest.fixture(params=chart.VARIANTS)
def objects(request: pytest.FixtureRequest) -> list[chart.Object]:
    """The rendered objects of one variant after the other."""
    return chart.render(*chart.VARIANTS[request.param])
