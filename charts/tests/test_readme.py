"""The README tells every value, and no other."""

import chart
import chart_readme


def test_every_value_has_a_comment():
    found = chart_readme.values((chart.CHART / "values.yaml").read_text())
    assert [value.path for value in found if not value.meaning] == []


def test_the_readme_is_fresh():
    assert (chart.CHART / "README.md").read_text() == chart_readme.readme(), "run python scripts/chart_readme.py"


def test_a_value_is_found_with_the_comment_above_it():
    text = "# -- Outer,\n# on two lines.\na:\n  # -- Inner.\n  b: { c: 1 }\n# No description.\nd: 2\n"
    assert list(chart_readme.values(text)) == [
        chart_readme.Value("a", "", "Outer, on two lines."),
        chart_readme.Value("a.b", "{ c: 1 }", "Inner."),
        chart_readme.Value("d", "2", ""),
    ]
