"""Cross-origin requests: off by default, and only for the origins of the setting."""

import httpx
import pytest

from .stand_in_mesh import running_gateway

ORIGIN = "https://shop.example"
METHODS = ["GET", "POST", "PATCH", "DELETE"]


@pytest.fixture(scope="module")
def open_gateway(shared_mesh, tmp_path_factory):
    changes = {"AGORA_CORS_ORIGINS": f"http://localhost:3000, {ORIGIN}"}
    with running_gateway(shared_mesh.targets, tmp_path_factory.mktemp("cors"), **changes) as gateway:
        yield gateway


@pytest.fixture
def cross_origin(open_gateway, mesh):
    with open_gateway.client() as http:
        http.headers["origin"] = ORIGIN
        yield http


def preflight(http, path="/v1/orders", method="POST", headers="authorization,idempotency-key,if-match,content-type"):
    asked = {"access-control-request-method": method, "access-control-request-headers": headers}
    return http.request("OPTIONS", path, headers=asked)


def names_of(answer, header):
    return {name.strip().lower() for name in answer.headers[header].split(",")}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/v1/orders", "/v1/items/1", "/books/1", "/albums", "/nowhere"])
def test_preflight_allows_what_clients_of_the_api_send(cross_origin, path, method):
    answer = preflight(cross_origin, path, method)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert method.lower() in names_of(answer, "access-control-allow-methods")
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "refused", [{"method": "TRACE"}, {"headers": "cookie"}], ids=lambda refused: next(iter(refused))
)
def test_preflight_of_anything_else_is_an_error(cross_origin, refused):
    answer = preflight(cross_origin, **refused)
    assert (answer.status_code, answer.json()["reason"]) == (403, "ORIGIN_NOT_ALLOWED")


@pytest.mark.parametrize("origin", ["https://shop.example.evil", "http://shop.example", "https://other", "null"])
def test_other_origins_are_not_allowed(cross_origin, origin):
    cross_origin.headers["origin"] = origin
    assert preflight(cross_origin).status_code == 403
    assert "access-control-allow-origin" not in cross_origin.get("/v1/items/1").headers


@pytest.mark.parametrize("path", ["/v1/items/1", "/v1/cart", "/v1/items?page_size=0", "/nowhere", "/" + "a" * 9000])
def test_scripts_can_read_answers_and_their_headers(cross_origin, path):
    answer = cross_origin.get(path)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    exposed = names_of(answer, "access-control-expose-headers")
    assert exposed >= {"x-request-id", "x-cache", "server-timing", "retry-after", "etag"}
    assert "origin" in names_of(answer, "vary")


def test_answers_have_no_cors_headers_by_default(http):
    http.headers["origin"] = ORIGIN
    for answer in (http.get("/v1/items/1"), preflight(http)):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("value", ["*", "shop.example", "https://shop.example/", "ftp://shop.example"])
def test_a_malformed_origin_stops_the_gateway_at_start(mesh, tmp_path, value):
    with (
        pytest.raises(AssertionError, match="AGORA_CORS_ORIGINS must be origins like"),
        running_gateway(mesh.targets, tmp_path, AGORA_CORS_ORIGINS=value),
    ):
        pass


def test_requests_without_an_origin_are_as_before(open_gateway):
    assert httpx.get(f"{open_gateway.url}/v1/items/1", trust_env=False).status_code == 200
