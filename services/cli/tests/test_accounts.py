"""Accounts, sessions and the file that keeps the tokens."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from cli.sessions import Session, SessionFile

from .conftest import PASSWORD
from .stand_in_server import Canned


@pytest.fixture
def sessions_path(tmp_path):
    return tmp_path / "agora" / "sessions.json"


def test_an_account_is_created_with_a_password_from_standard_input(agora, shop):
    result = agora(
        "account", "create", "--username", "bob", "--role", "buyer", "--password-stdin", stdin=f"{PASSWORD}\n"
    )
    assert (result.code, result.out) == (0, "Account\ta-bob\nUsername\tbob\nRole\tbuyer\n")
    assert shop.accounts["bob"]["password"] == PASSWORD


def test_a_password_may_come_from_the_environment(agora, shop, environment):
    environment.setenv("AGORA_PASSWORD", PASSWORD)
    assert agora("account", "create", "--username", "bob").code == 0
    assert shop.accounts["bob"]["password"] == PASSWORD


def test_a_password_is_not_accepted_on_the_command_line(agora):
    assert agora("login", "--username", "bob", "--password", PASSWORD).code == 2


@pytest.mark.parametrize("words", [("--username", "bob"), ()])
def test_without_a_terminal_missing_credentials_are_wrong_usage(agora, words):
    assert agora("login", *words).code == 2


def test_a_taken_username_is_refused_in_the_words_of_the_shop(agora, buyer):
    result = agora("account", "create", "--username", "bob", stdin=PASSWORD)
    assert (result.code, result.err) == (1, "agora: The username is taken.\n")


def test_logging_in_keeps_the_token_where_only_its_owner_can_read_it(agora, shop, buyer, sessions_path):
    kept = json.loads(sessions_path.read_text())
    assert kept[shop.url]["token"] in shop.sessions
    assert stat.S_IMODE(sessions_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(sessions_path.parent.stat().st_mode) == 0o700


def test_logging_in_shows_the_token_only_to_scripts(agora, shop, buyer):
    human = agora("login", "--username", "bob", stdin=PASSWORD)
    assert human.out == "Logged in as bob, a buyer.\n"
    assert agora("login", "--username", "bob", "--json", stdin=PASSWORD).json["token"] in shop.sessions


def test_a_wrong_password_is_refused_without_advice_to_log_in(agora, buyer):
    result = agora("login", "--username", "bob", stdin="wrong")
    assert (result.code, result.err) == (1, "agora: The username or the password is wrong.\n")


def test_each_shop_has_a_session_of_its_own(agora, shop, buyer, sessions_path):
    other = shop.url.replace("127.0.0.1", "localhost")
    assert agora("cart", "show", "--url", other).code == 1
    assert agora("login", "--username", "bob", "--url", f"{other}/", stdin=PASSWORD).code == 0
    assert set(json.loads(sessions_path.read_text())) == {shop.url, other}


def test_logging_out_ends_the_session_and_forgets_the_token(agora, shop, buyer, sessions_path):
    assert agora("logout").out == "Logged out.\n"
    assert shop.sessions == {}
    assert json.loads(sessions_path.read_text()) == {}
    assert agora("logout").out == "You were not logged in.\n"


def test_logging_out_of_a_session_that_has_ended_forgets_the_token_too(agora, shop, buyer, sessions_path):
    shop.sessions.clear()
    assert agora("logout").code == 0
    assert json.loads(sessions_path.read_text()) == {}


def test_an_ended_session_says_to_log_in_again(agora, shop, buyer):
    shop.sessions.clear()
    result = agora("cart", "show")
    assert result.code == 1
    assert result.err == "agora: The session has ended or never began.\nLog in again: agora login\n"


def test_an_ended_session_does_not_keep_anyone_from_looking_around(agora, shop, buyer):
    shop.sessions.clear()
    assert agora("lookup", "1").code == 0
    assert "Authorization" not in shop.requests[-1].headers


def test_strangers_are_told_to_log_in_first(agora):
    assert "Log in first: agora login" in agora("cart", "show").err


def test_a_token_in_the_environment_wins_over_the_session_kept(agora, shop, buyer, environment, sessions_path):
    kept = sessions_path.read_text()
    shop.sessions["given"] = {"account_id": "a-eve", "username": "eve", "role": "buyer"}
    environment.setenv("AGORA_TOKEN", "given")
    assert agora("cart", "show").code == 0
    assert shop.requests[-1].headers["Authorization"] == "Bearer given"
    assert agora("logout").code == 0
    assert "given" not in shop.sessions
    assert sessions_path.read_text() == kept


def test_a_token_no_header_can_carry_is_wrong_usage(agora, environment):
    environment.setenv("AGORA_TOKEN", "two words")
    assert agora("cart", "show").code == 2


@pytest.mark.parametrize("garbage", ["", "{", "[]", "\0", '{"URL": 1}', '{"URL": {"other": 1}}'])
def test_a_damaged_sessions_file_means_logged_out(agora, shop, sessions_path, garbage):
    sessions_path.parent.mkdir()
    sessions_path.write_text(garbage.replace("URL", shop.url))
    assert "Log in first" in agora("cart", "show").err
    agora("account", "create", "--username", "bob", stdin=PASSWORD)
    assert agora("login", "--username", "bob", stdin=PASSWORD).code == 0
    assert agora("cart", "show").code == 0


def test_sessions_begun_at_the_same_moment_are_all_kept(sessions_path):
    sessions = {f"http://shop-{number}": Session(f"token-{number}") for number in range(50)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(SessionFile(sessions_path).keep, sessions, sessions.values()))
    assert {url: SessionFile(sessions_path).session(url) for url in sessions} == sessions


def test_a_sessions_file_that_cannot_be_read_is_one_clear_line(agora, buyer, sessions_path):
    sessions_path.unlink()
    sessions_path.mkdir()
    result = agora("login", "--username", "bob", stdin=PASSWORD)
    assert result.code == 1
    assert result.err == f"agora: cannot read {sessions_path}: Is a directory\n"


def test_a_sessions_file_that_cannot_be_written_is_one_clear_line(agora, sessions_path):
    agora("account", "create", "--username", "bob", stdin=PASSWORD)
    sessions_path.parent.write_text("in the way")
    result = agora("login", "--username", "bob", stdin=PASSWORD)
    assert result.code == 1
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize(
    "answer", [b"{}", b'{"token": "", "role": "buyer"}', b'{"token": "a\\nb", "role": "buyer"}', b"[]"]
)
def test_an_answer_without_a_usable_token_is_not_kept(agora, shop, sessions_path, answer):
    shop.faults.append(Canned(201, answer))
    assert agora("login", "--username", "bob", stdin=PASSWORD).code == 3
    assert not sessions_path.exists()
