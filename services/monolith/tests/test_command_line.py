"""`agora --url tcp://...`: the same commands as over REST."""

import asyncio
import io
import json

import pytest

from cli.main import main


@pytest.fixture
def agora(monolith, monkeypatch, tmp_path, capsys):
    """Run one command at the monolith; `await agora(...)` is its exit code, output and complaint."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("AGORA_URL", f"tcp://127.0.0.1:{monolith.port}")
    monkeypatch.setenv("AGORA_PASSWORD", "a long enough password")
    monkeypatch.setattr("sys.stdin", io.StringIO())

    async def run(*words):
        code = await asyncio.to_thread(main, words)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


async def ask(agora, *words):
    code, out, err = await agora("--json", *words)
    assert code == 0, err
    return json.loads(out)


async def log_in(agora, username, role):
    await agora("account", "create", "--username", username, "--role", role)
    assert (await ask(agora, "login", "--username", username))["role"] == role


async def test_a_seller_and_a_buyer_do_business(agora):
    await log_in(agora, "sally", "seller")
    item = await ask(agora, "item", "register", "--name", "Lamp", "--category", "3", "--price", "12.50")
    assert (item["condition"], item["price_cents"], item["quantity"]) == ("new", 1250, 1)
    assert (await ask(agora, "item", "restock", item["item_id"], "5"))["quantity"] == 5
    assert [each["item_id"] for each in (await ask(agora, "item", "list"))["items"]] == [item["item_id"]]

    await log_in(agora, "bob", "buyer")
    assert (await ask(agora, "find", "--category", "3"))["items"][0]["seller_id"] == item["seller_id"]
    assert (await ask(agora, "cart", "add", item["item_id"], "--quantity", "2"))["total_cents"] == 2500
    assert (await ask(agora, "cart", "save"))["lines"][0]["quantity"] == 2
    order = await ask(agora, "checkout")
    assert (order["state"], order["total_cents"]) == ("CONFIRMED", 2500)
    assert (await ask(agora, "orders", order["order_id"])) == order
    assert (await ask(agora, "rate", item["item_id"], "up"))["thumbs_up"] == 1
    assert (await ask(agora, "seller-rating", item["seller_id"]))["thumbs_up"] == 1


async def test_books_are_looked_up_by_anybody_and_bought_by_buyers(agora):
    assert [book["id"] for book in await ask(agora, "search", "--topic", "graduate school")] == [3, 4, 6, 7]
    assert (await ask(agora, "lookup", "1"))["count"] == 1000
    code, _, complaint = await agora("buy", "1")
    assert code == 1
    assert "Log in first" in complaint
    await log_in(agora, "bob", "buyer")
    assert (await ask(agora, "buy", "1"))["state"] == "CONFIRMED"
    assert (await ask(agora, "lookup", "1"))["count"] == 999


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (("lookup", "999999"), 1, "there is no such item"),
        (("cart", "show"), 1, "sign in"),
        (("find", "--category", "1000"), 1, "category"),
        (("--url", "tcp://127.0.0.1:1", "lookup", "1"), 3, "no answer"),
        (("--url", "tcp://127.0.0.1", "lookup", "1"), 2, "expected something like"),
    ],
)
async def test_a_refusal_is_one_line_and_an_exit_code(agora, words, code, complaint):
    ended = await agora(*words)
    assert ended[0] == code
    assert complaint in ended[2]
