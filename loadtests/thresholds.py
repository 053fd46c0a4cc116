"""What makes a headless run fail: its exit code is 1 when too much failed, or was too slow."""

import logging

from locust import events
from locust.env import Environment

logger = logging.getLogger(__name__)


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def _judge(environment: Environment, **_: object) -> None:
    options, total = environment.parsed_options, environment.stats.total
    # A worker knows only of its own users; the master judges for all.
    if options is None or options.worker:
        return
    findings = []
    if total.num_requests == 0:
        findings.append("nothing was asked at all")
    if total.fail_ratio > options.max_fail_ratio:
        findings.append(f"{total.fail_ratio:.2%} failed, more than {options.max_fail_ratio:.2%}")
    p95 = total.get_response_time_percentile(0.95) or 0
    if p95 > options.max_p95_ms:
        findings.append(f"the slowest 5 % took {p95:.0f} ms or longer, more than {options.max_p95_ms:.0f} ms")
    for finding in findings:
        logger.error("the run failed: %s", finding)
    if findings:
        environment.process_exit_code = 1
