"""A shop served over a real socket, and the `agora` command to visit it with."""

import io
import json
import threading
from dataclasses import dataclass

import pytest

from cli.main import main

from .stand_in_server import Handler, Server
from .stand_in_shop import Shop, put_up

PASSWORD = "correct horse"


@pytest.fixture
def shop():
    books = {"1": "How to get a good grade", "2": "RPCs for Dummies"}
    shop = Shop(
        books={
            id_: {"id": int(id_), "title": title, "topic": "distributed systems", "cost": 30.0, "count": 10}
            for id_, title in books.items()
        }
    )
    server = Server(("127.0.0.1", 0), type("ShopHandler", (Handler,), {"shop": shop}))
    shop.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield shop
    shop.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """The variables the command reads, all under control; nothing of the real home is touched."""
    agora = ("AGORA_URL", "AGORA_LOCAL_DIR", "AGORA_TOKEN", "AGORA_PASSWORD")
    for name in (*agora, "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return monkeypatch


@pytest.fixture
def agora(environment, shop, capsys):
    """Run one command at the shop, in this process but through the entry point."""

    def run(*words, stdin="", url=shop.url):
        environment.setenv("AGORA_URL", url or "")
        environment.setattr("sys.stdin", io.StringIO(stdin))
        try:
            code = main(words)
        except SystemExit as exit_:
            code = exit_.code
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def log_in(agora, shop):
    def log_in(username, role):
        agora("account", "create", "--username", username, "--role", role, stdin=PASSWORD)
        assert agora("login", "--username", username, stdin=PASSWORD).code == 0

    return log_in


@pytest.fixture
def buyer(log_in):
    log_in("bob", "buyer")


@pytest.fixture
def seller(log_in):
    log_in("sally", "seller")


@pytest.fixture
def stock(shop):
    """Put an item up for sale behind the seller's back."""
    return lambda **properties: put_up(shop, **properties)
