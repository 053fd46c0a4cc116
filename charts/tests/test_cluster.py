"""Values that the cluster cannot take are rejected by name before anything changes."""

import base64

import chart
import cluster
import pytest
import test_upgrades

EXTERNAL = "postgresql.enabled=false,networkPolicy.enabled=false,externalDatabase.enabled=true,externalDatabase.host=db"
CACHE = "cache.enabled=false,networkPolicy.enabled=false,externalCache.enabled=true,externalCache.existingSecret=theirs"
STREAM = CACHE.replace("cache", "stream").replace("Cache", "Stream")
MISSING = {
    "secrets.existingSecret=theirs": "secrets.existingSecret",
    f"{EXTERNAL},externalDatabase.existingSecret=theirs": "externalDatabase.existingSecret",
    CACHE: "externalCache.existingSecret",
    STREAM: "externalStream.existingSecret",
    "image.pullSecrets.theirs=true": "image.pullSecrets.theirs",
}
KEYS = chart.of_kind(chart.render(), "Secret")[0]["data"].keys()
VOLUME = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data-agora-postgresql-0"}}


def secret(name, keys=KEYS, **data):
    encoded = {key.replace("_", "-"): base64.b64encode(value.encode()).decode() for key, value in data.items()}
    values = dict.fromkeys(keys, base64.b64encode(b"first").decode()) | encoded
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": values}


def rejection(*objects, arguments=()):
    finished = cluster.upgrade(*objects, arguments=arguments)
    assert finished.returncode != 0, "helm accepted the values"
    return finished.stderr


@pytest.mark.parametrize(("setting", "value"), MISSING.items())
def test_a_missing_secret_is_rejected(setting, value):
    assert f'{value}: there is no Secret "theirs" in the namespace shop' in rejection(arguments=(f"--set={setting}",))


def test_an_installation_with_a_missing_secret_is_rejected():
    finished = cluster.install(arguments=("--set=secrets.existingSecret=theirs",))
    assert "secrets.existingSecret: there is no Secret" in finished.stderr


@pytest.mark.parametrize(("setting", "value"), list(MISSING.items())[:-1])
def test_a_secret_without_a_key_that_is_read_is_rejected(setting, value):
    found = rejection(secret("theirs", keys=["other"]), arguments=(f"--set={setting}",))
    assert f'{value}: the Secret "theirs" has no key' in found


def test_a_secret_with_the_keys_that_are_read_is_accepted():
    keys = [*KEYS, "account", "catalog", "order", "review", "REDIS_URL", "STREAM_URL"]
    settings = tuple(f"--set={setting}" for setting in MISSING)
    cluster.objects_of(cluster.upgrade(secret("theirs", keys), arguments=settings))


def test_a_key_that_nothing_reads_may_be_left_out():
    theirs = secret("theirs", keys=KEYS - {"grafana-password"})
    cluster.objects_of(cluster.upgrade(theirs, arguments=("--set=secrets.existingSecret=theirs",)))
    grafana = ("--set=secrets.existingSecret=theirs,observability.enabled=true",)
    assert 'has no key "grafana-password"' in rejection(theirs, arguments=grafana)


@pytest.mark.parametrize("left", [[], [secret("agora", keys=["operator-token"])]])
def test_a_lost_secret_of_a_kept_volume_is_rejected(left):
    message = 'the volume data-agora-postgresql-0 is kept, but the Secret "agora" with its passwords is lost'
    assert message in rejection(VOLUME, *left)


def test_an_installation_on_a_kept_volume_needs_its_secret():
    assert "is kept, but the Secret" in cluster.install(VOLUME).stderr


def test_a_kept_secret_opens_the_kept_volume():
    cluster.objects_of(cluster.install(VOLUME, secret("agora")))


def test_other_passwords_than_the_volumes_are_rejected():
    existing = ("--set=secrets.existingSecret=theirs",)
    found = rejection(VOLUME, secret("agora"), secret("theirs", database_order="second"), arguments=existing)
    assert "secrets.existingSecret: database-order is not the password" in found
    cluster.objects_of(cluster.upgrade(VOLUME, secret("agora"), secret("theirs"), arguments=existing))


STORED = {
    "postgresql.storage.size=5Gi": "postgresql.storage.size: the volume has 4Gi",
    "stream.storage.className=ssd": 'stream.storage.className: the volume has ""',
    "postgresql.image.tag=19.1": "postgresql.image.tag: version 19 cannot read the volume of version 18",
    "postgresql.image.tag=17-trixie": "postgresql.image.tag: version 17 cannot read the volume of version 18",
    "stream.image.tag=7.4": "stream.image.tag: version 7 cannot read the volume of version 8",
}


@pytest.mark.parametrize(("setting", "message"), STORED.items())
def test_a_store_that_could_not_read_its_volume_is_rejected(setting, message):
    key, _, value = setting.partition("=")
    assert message in rejection(*test_upgrades.STORES, arguments=("--set-string", f"{key}={value}"))


def test_a_store_that_can_read_its_volume_is_accepted():
    settings = "postgresql.storage.size=4096Mi,stream.image.tag=9.0,postgresql.image.tag=18.4"
    cluster.objects_of(cluster.upgrade(*test_upgrades.STORES, arguments=("--set-string", settings)))


def test_rendering_without_a_cluster_checks_nothing_of_it():
    chart.render("--set=secrets.existingSecret=theirs")
