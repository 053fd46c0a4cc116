"""checkov finds nothing, except where the resource itself says why not."""

import json

from checks.configuration import MODULE
from checks.programs import ENVIRONMENTS, run


def scan():
    program = ENVIRONMENTS / "checkov" / "bin" / "checkov"
    finished = run(program, "--directory", MODULE, "--framework", "terraform", "--skip-download", "--output", "json")
    assert finished.returncode in {0, 1}, finished.stderr
    return json.loads(finished.stdout)["results"]


def test_no_check_fails_and_every_exception_is_in_use_and_has_a_reason():
    results = scan()
    assert not results["parsing_errors"]
    assert len(results["passed_checks"]) > 50
    assert [(check["check_id"], check["resource"]) for check in results["failed_checks"]] == []
    reasons = [check["check_result"]["suppress_comment"] for check in results["skipped_checks"]]
    assert all(len(reason) > 20 for reason in reasons)
    assert len(reasons) == sum(file.read_text().count("checkov:skip=") for file in MODULE.glob("*.tf"))
