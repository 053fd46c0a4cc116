"""Reading the command line."""

import pytest


@pytest.mark.parametrize(
    "words",
    [
        ("--json", "item", "show", "i-0"),
        ("item", "--json", "show", "i-0"),
        ("item", "show", "--json", "i-0"),
        ("item", "show", "i-0", "--json"),
    ],
)
def test_shared_options_stand_anywhere(agora, stock, words):
    stock()
    assert agora(*words).json["item_id"] == "i-0"


@pytest.mark.parametrize("words", [("--url", "URL", "lookup", "1"), ("lookup", "1", "--url", "URL/")])
def test_the_url_option_wins_over_the_environment(agora, shop, environment, words):
    environment.setattr("cli.main.DEFAULT_URL", "http://127.0.0.1:1")
    agora_at = [word.replace("URL", shop.url) for word in words]
    shop.url = "http://127.0.0.1:1"
    assert agora(*agora_at).code == 0


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("steal",),
        ("lookup",),
        ("lookup", "1", "2"),
        ("lookup", ""),
        ("buy", "1", "--quantity", "0"),
        ("buy", "1", "--quantity", "-1"),
        ("buy", "1", "--quantity", "many"),
        ("buy", "1", "--idempotency-key", "two words"),
        ("item",),
        ("item", "register"),
        ("item", "restock", "i-0", "1.5"),
        ("item", "restock", "i-0", "+-1"),
        ("account", "create", "--username", "x", "--role", "king"),
        ("find", "--colour", "red"),
        ("find", "--category", "three"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_asks_the_shop_nothing(agora, shop, words):
    result = agora(*words)
    assert (result.code, result.out) == (2, "")
    assert result.err
    assert shop.requests == []


@pytest.mark.parametrize("words", [("--help",), ("mesh", "--help"), ("item", "--help"), ("cart", "add", "--help")])
def test_help_is_at_hand_everywhere(agora, words):
    result = agora(*words)
    assert result.code == 0
    assert result.out.startswith("usage: agora")


def test_help_names_every_command(agora):
    listed = agora("--help").out
    commands = "search find lookup buy account login logout item cart checkout orders rate seller-rating mesh"
    assert set(commands.split()) <= {line.split()[0] for line in listed.splitlines() if line.startswith("    ")}
