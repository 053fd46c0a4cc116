"""The chart renders: cleanly, as last agreed upon, and nothing but valid objects."""

import json
import os
import re
from pathlib import Path

import chart
import cloudcoil.models.istio.security.v1 as istio
import cloudcoil.models.prometheus_operator.v1 as prometheus_operator
import custom_resources
import kubernetes_validate
import pytest
import yaml

GOLDENS = Path(__file__).parent / "goldens"
RANDOM = re.compile(r"^(  [a-z-]+: )[A-Za-z0-9+/=]{44}$|^(    checksum/data: )[0-9a-f]{64}$", re.MULTILINE)
STRICT_TYPES = (istio.PeerAuthentication, istio.AuthorizationPolicy, prometheus_operator.ServiceMonitor,
                prometheus_operator.PrometheusRule)  # fmt: skip


def test_helm_lint_finds_nothing():
    for arguments in chart.VARIANTS.values():
        finished = chart.run_helm("lint", "--strict", ".", *arguments)
        assert finished.returncode == 0, finished.stdout


@pytest.mark.parametrize("variant", ["values", "values-kind", "values-gke"])
def test_a_values_file_renders_as_agreed_upon(variant):
    """UPDATE_GOLDENS=1 agrees upon what it renders now."""
    golden = GOLDENS / f"{variant}.yaml"
    rendered = RANDOM.sub(r"\1\2<random>", chart.manifest(*chart.VARIANTS[variant]))
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(rendered)
    assert rendered == golden.read_text(), (
        f"run UPDATE_GOLDENS=1 {Path(__file__).parent.name}/run and read the difference"
    )


@pytest.mark.parametrize("version", ["1.30", kubernetes_validate.latest_version()])
def test_every_object_is_valid(version):
    # The variants have most objects in common, and a validation takes long.
    distinct = {json.dumps(found): found for arguments in chart.VARIANTS.values() for found in chart.render(*arguments)}
    for found in distinct.values():
        if not custom_resources.is_one(found):
            kubernetes_validate.validate(found, version, strict=True)


def test_every_custom_resource_is_valid(objects):
    for found in objects:
        if not custom_resources.is_one(found):
            continue
        strict = next((kind for kind in STRICT_TYPES if kind.__name__ == found["kind"]
                       and kind.model_fields["api_version"].default == found["apiVersion"]), None)  # fmt: skip
        if strict:
            # Unknown fields are dropped by these types, so what comes back must be what went in.
            understood = strict.model_validate(found).model_dump(mode="json", by_alias=True, exclude_unset=True)
            assert understood == found, chart.name_of(found)
        else:
            custom_resources.validate(found)


class UniqueKeys(yaml.CSafeLoader):
    """Refuses a mapping that gives a key twice, where YAML's own loaders and helm take the last."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{keys}{node.start_mark}"
        return super().construct_mapping(node, deep)


@pytest.mark.parametrize("variant", chart.VARIANTS)
def test_no_key_is_given_twice(variant):
    """A second `annotations` once took the hook away from the test's Pod."""
    for _ in yaml.load_all(chart.manifest(*chart.VARIANTS[variant]), UniqueKeys):
        pass


@pytest.mark.parametrize("variant", ["values", "values-kind", "values-gke"])
def test_a_cluster_without_custom_resources_takes_every_object(variant):
    assert not [found for found in chart.render(*chart.VARIANTS[variant]) if custom_resources.is_one(found)]


def test_no_object_is_rendered_twice(objects):
    names = [(found["apiVersion"], chart.name_of(found)) for found in objects]
    assert len(names) == len(set(names))
