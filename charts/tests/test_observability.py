"""Alerts and their runbooks say the same, and the alerts do what they say."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "charts" / "agora" / "alerts" / "agora.yaml"
RUNBOOKS = ROOT / "docs" / "runbooks"
TESTS = Path(__file__).parent / "alerts" / "agora_test.yaml"
SECTIONS = ["Meaning", "Impact", "Diagnosis", "What to do"]
COMPARISON = re.compile(r"[<>]=? [0-9.]+")

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="there is no promtool on the PATH")


def alerts() -> dict[str, dict]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


@pytest.fixture(params=alerts())
def alert(request) -> dict:
    return alerts()[request.param]


def test_every_alert_has_a_runbook_of_its_name_and_no_runbook_is_left_over():
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == set(alerts())


def test_a_runbook_is_where_its_alert_says(alert: dict):
    assert alert["annotations"]["runbook_url"] == f"docs/runbooks/{alert['alert']}.md"


def test_a_runbook_has_its_four_sections(alert: dict):
    text = (ROOT / alert["annotations"]["runbook_url"]).read_text()
    assert re.findall(r"^# (.*)$", text, re.MULTILINE) == [alert["alert"]]
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS


def test_a_runbook_states_the_thresholds_of_its_rule(alert: dict):
    fires = (ROOT / alert["annotations"]["runbook_url"]).read_text().split("\n## ")[0]
    stated = re.findall(r"`(?:\w+ )?([^`]*)`", fires)
    assert set(stated) == {*COMPARISON.findall(alert["expr"]), alert["for"]}


def test_every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_stays_quiet(alert: dict):
    tests = yaml.safe_load(TESTS.read_text())["tests"]
    firing = [
        {sample["labels"] for sample in check.get("exp_samples", ())}
        for test in tests
        for check in test["promql_expr_test"]
    ]
    name = f'alertname="{alert["alert"]}"'
    fires = [any(name in labels for labels in found) for found in firing]
    assert any(fires)
    assert not all(fires)


@needs_promtool
@pytest.mark.parametrize("command", [("check", "rules", RULES), ("test", "rules", TESTS)], ids=["check", "test"])
def test_promtool_is_content(command: tuple):
    done = subprocess.run(["promtool", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboards_are_what_their_source_makes(tmp_path: Path):
    pytest.importorskip("grafana_foundation_sdk")
    subprocess.run([sys.executable, "-m", "charts.dashboards", tmp_path], cwd=ROOT, check=True)
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert {path.name: path.read_text() for path in (ROOT / "charts/agora/dashboards").iterdir()} == made
