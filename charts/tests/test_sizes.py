"""The sizes in the README are the values', and kind's fit on a small machine."""

import chart
import pytest
import sizes

# What kubeadm's own pods on the one node of kind ask for: 950m and 290 MiB.
KIND = {"cpu": sizes.quantity("2") - sizes.quantity("950m"), "memory": sizes.quantity("4Gi") - sizes.quantity("290Mi")}


def test_kind_can_upgrade_on_two_cores():
    asked = sizes.during_an_upgrade(chart.render(*chart.VARIANTS["values-kind"]))
    assert all(asked[resource] <= KIND[resource] for resource in KIND), sizes.shown(asked)


@pytest.mark.parametrize("variant", ["values", "values-kind", "values-gke"])
def test_the_readme_has_the_sizes_of_every_values_file(variant):
    objects = chart.render(*chart.VARIANTS[variant])
    at_rest, upgrade = sizes.shown(sizes.at_rest(objects)), sizes.shown(sizes.during_an_upgrade(objects))
    row = f"| `{variant}.yaml` | {at_rest} | {upgrade} |"
    assert row in (chart.CHART / "README.md").read_text(), row


def test_the_account_service_is_given_what_it_has_after_logins():
    account = next(w for w in chart.of_kind(chart.render(), "Deployment") if w["metadata"]["name"] == "agora-account")
    assert sizes.requests(account)["memory"] > sizes.quantity("73Mi")
