"""Shops that are away, slow, or no shops at all."""

import json
import socket

import pytest

from .stand_in_server import HANG, LOSE_REQUEST, Canned

HTML = b"<!doctype html><title>Router login</title>"


@pytest.fixture
def port():
    """Held by somebody who does not listen, so that nobody else can."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_shop_that_is_away_is_unreachable(agora, port):
    result = agora("lookup", "1", "--url", f"http://127.0.0.1:{port}")
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith(f"agora: no answer from http://127.0.0.1:{port}: ")
    assert "agora mesh up" in result.err


def test_what_never_arrived_is_not_said_to_be_in_doubt(agora, port):
    assert "may have been bought" not in agora("buy", "1", "--url", f"http://127.0.0.1:{port}").err


def test_a_host_nobody_knows_is_unreachable(agora):
    assert agora("lookup", "1", "--url", "http://no-such-host.invalid").code == 3


def test_a_shop_that_does_not_answer_in_time_is_unreachable_and_not_asked_again(agora, shop, environment):
    environment.setattr("cli.gateway_client.TIMEOUT", 0.2)
    shop.faults.append(HANG)
    result = agora("buy", "1")
    assert result.code == 3
    assert "timed out" in result.err
    assert "--idempotency-key" in result.err
    assert shop.arrived.wait(60)
    assert len(shop.requests) == 1


def test_field_error_is_printed_once(agora, shop):
    problem = {"detail": "name: is required", "errors": [{"field": "name", "problem": "is required"}]}
    shop.faults.append(Canned(422, json.dumps(problem).encode()))
    assert agora("item", "show", "1").err == "agora: name: is required\n"


def test_shop_of_the_local_mesh_is_the_default(agora, environment, shop, tmp_path):
    environment.setenv("AGORA_LOCAL_DIR", str(tmp_path))
    (tmp_path / "mesh.json").write_text(json.dumps({"gateway": shop.url}))
    assert agora("lookup", "1", url=None).code == 0


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"gateway": null}'])
def test_unreadable_mesh_json_is_ignored(agora, environment, tmp_path, content):
    environment.setattr("cli.main.DEFAULT_URL", "http://no-such-host.invalid")
    environment.setenv("AGORA_LOCAL_DIR", str(tmp_path))
    (tmp_path / "mesh.json").write_text(content)
    assert "no-such-host" in agora("lookup", "1", url=None).err


def test_reads_are_repeated_too(agora, shop):
    shop.faults += [LOSE_REQUEST] * 2
    assert agora("lookup", "1").code == 0
    assert len(shop.requests) == 3


@pytest.mark.parametrize(
    "answer",
    [
        Canned(200, HTML, "text/html"),
        Canned(404, HTML, "text/html"),
        Canned(500, b"Internal Server Error", "text/plain"),
        Canned(302, b"{}"),
        Canned(200, b""),
        Canned(200, b"null"),
        Canned(200, b'{"id": 1'),
        Canned(200, b"\xff\xfe\x00"),
        Canned(200, b"[" * 100_000),
        Canned(200, b"9" * 10_000),
        Canned(200, b"{}"),
        Canned(200, b"[]"),
        Canned(200, b'{"id": 1, "title": 2, "topic": 3, "cost": "free", "count": 5}'),
        Canned(200, b'"' + b"x" * 17 * 1024 * 1024 + b'"'),
    ],
    ids=lambda answer: f"{answer.status}-{answer.body[:12]!r}",
)
def test_an_answer_no_shop_gives_is_one_line_and_exit_code_3(agora, shop, answer):
    shop.faults += [answer] * 3
    result = agora("lookup", "1")
    assert (result.code, result.out) == (3, "")
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("answer", [b"{}", b"[]", b'{"items": 5}', b'{"items": [5]}', b'{"items": [{}]}'])
@pytest.mark.parametrize("words", [("find",), ("find", "--all")])
def test_a_list_no_shop_gives_is_exit_code_3(agora, shop, answer, words):
    shop.faults.append(Canned(200, answer))
    assert agora(*words).code == 3


@pytest.mark.parametrize(
    "answer", [b"{}", b'{"detail": 5}', b'{"detail": "", "errors": [1, {"field": 2}], "title": null}']
)
def test_a_refusal_without_words_still_says_its_status(agora, shop, answer):
    shop.faults.append(Canned(418, answer))
    result = agora("find")
    assert result.code == 1
    assert "refused with status 418" in result.err


@pytest.mark.parametrize(
    "url",
    ["tcp://127.0.0.1", "ftp://x", "127.0.0.1:8080", "http://", "http://h:99999", "http://[", "http://h?x=1"],
)
def test_a_url_nobody_can_visit_is_wrong_usage(agora, url):
    result = agora("lookup", "1", "--url", url)
    assert (result.code, result.out) == (2, "")


def test_text_that_is_not_unicode_is_wrong_usage(agora):
    assert agora("lookup", "a\udcff").code == 2
    assert agora("find", "--q", "a\udcff").code == 2
