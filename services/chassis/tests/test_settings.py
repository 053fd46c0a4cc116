import pytest

from chassis.settings import Environment, ProcessSettings, ServiceSettings, SettingsError, read_or_exit

VALID = {
    "INSTANCE_NAME": "catalog-1",
    "LISTEN_HOST": "127.0.0.1",
    "METRICS_PORT": "9100",
    "GRPC_PORT": "50051",
    "DATABASE_URL": "postgresql://shop:s3cret@localhost:5432/catalog",
}


def read(**changes: str) -> ServiceSettings:
    return ServiceSettings.read(Environment(VALID | changes))


def test_a_full_environment_is_read():
    settings = read(DATABASE_POOL_SIZE="7", LOG_LEVEL="DEBUG", LOG_FORMAT="text")

    assert settings.process == ProcessSettings("catalog-1", "127.0.0.1", 9100, "DEBUG", "text", None)
    assert (settings.grpc_port, settings.database_url, settings.pool_size) == (50051, VALID["DATABASE_URL"], 7)


def test_what_may_be_left_out_has_a_default():
    settings = read(INSTANCE_NAME="", LISTEN_HOST="")

    assert settings.process.instance_name
    assert settings.process.listen_host == "0.0.0.0"
    assert (settings.process.log_level, settings.process.log_format, settings.pool_size) == ("INFO", "json", 10)


@pytest.mark.parametrize("name", ["METRICS_PORT", "GRPC_PORT", "DATABASE_URL"])
@pytest.mark.parametrize("value", [None, "", "  \t"])
def test_a_missing_value_is_named(name: str, value: str | None):
    environment = VALID | {name: value} if value is not None else {key: VALID[key] for key in VALID if key != name}

    with pytest.raises(SettingsError, match=f"^{name} is not set$"):
        ServiceSettings.read(Environment(environment))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("GRPC_PORT", value) for value in ("0", "65536", "-1", "80.0", "http", "٨٠", "²", "1 2", "9" * 5000)),
        *(("DATABASE_POOL_SIZE", value) for value in ("0", "101", "ten", "1e1", "+5", "9" * 5000)),
        *(("LOG_LEVEL", value) for value in ("loud", "warn\nINFO")),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_malformed_value_is_named_in_one_line(name: str, value: str):
    with pytest.raises(SettingsError, match=f"^{name} must be ") as refused:
        read(**{name: value})

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        "mysql://shop:s3cret@localhost/catalog",
        "postgresql://shop:s3cret@",
        "postgresql://shop:s3cret@localhost:port/catalog",
        "postgresql://shop:s3cret@localhost:0/catalog",
        "postgresql://shop:s3cret@localhost:70000/catalog",
        "postgresql://shop:s3cret@[::1/catalog",
        "s3cret",
    ],
)
def test_a_malformed_url_is_named_and_its_secret_is_not_shown(value: str):
    with pytest.raises(SettingsError, match=r"^DATABASE_URL must be a URL like postgresql://host:port$") as refused:
        read(DATABASE_URL=value)

    assert refused.value.__cause__ is None
    assert "s3cret" not in str(refused.value)


def test_a_url_may_name_a_socket_instead_of_a_host():
    url = "postgresql:///catalog?host=/run/postgresql"

    assert read(DATABASE_URL=url).database_url == url


@pytest.mark.parametrize("target", ["dns:///catalog:50051", "ipv4:127.0.0.1:1,127.0.0.1:2", "unix:/tmp/catalog"])
def test_a_grpc_target_is_read(target: str):
    assert Environment({"CATALOG_TARGET": target}).target("CATALOG_TARGET") == target


@pytest.mark.parametrize(
    "target", ["catalog:50051", "ipv4:", "ipv4:127.0.0.1", "dns:///catalog", "http://catalog:50051"]
)
def test_a_malformed_grpc_target_is_named(target: str):
    with pytest.raises(SettingsError, match=r"^CATALOG_TARGET must be a gRPC target"):
        Environment({"CATALOG_TARGET": target}).target("CATALOG_TARGET")


def test_a_process_with_a_wrong_environment_ends_with_one_line(monkeypatch, capsys):
    monkeypatch.delenv("GRPC_PORT", raising=False)
    monkeypatch.setenv("METRICS_PORT", "9100")

    with pytest.raises(SystemExit) as ended:
        read_or_exit(ServiceSettings.read)

    assert ended.value.code == 2
    assert capsys.readouterr().err == "configuration: GRPC_PORT is not set\n"


@pytest.mark.parametrize(("text", "ratio"), [("0", 0.0), ("0.25", 0.25), (".5", 0.5), ("1.0", 1.0), ("", 0.01)])
def test_the_share_of_traces_is_a_number_from_0_to_1(text: str, ratio: float):
    assert read(OTEL_TRACES_SAMPLER_ARG=text).process.trace_ratio == ratio


@pytest.mark.parametrize("text", ["2", "1.1", "-0.1", "1e-3", "nan", "all"])
def test_another_share_of_traces_is_refused(text: str):
    with pytest.raises(SettingsError, match=r"^OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1"):
        read(OTEL_TRACES_SAMPLER_ARG=text)


def test_lists_of_networks_and_origins_are_empty_by_default():
    environment = Environment({"ORIGINS": " , "})

    assert environment.networks("NETWORKS") == environment.origins("ORIGINS") == ()


def test_a_list_is_read_with_commas_and_spaces():
    environment = Environment({"NETWORKS": "10.0.0.0/8, 192.0.2.1,2001:db8::/32", "ORIGINS": "http://a:1,https://b.c"})

    assert [str(network) for network in environment.networks("NETWORKS")] == [
        "10.0.0.0/8",
        "192.0.2.1/32",
        "2001:db8::/32",
    ]
    assert environment.origins("ORIGINS") == ("http://a:1", "https://b.c")
