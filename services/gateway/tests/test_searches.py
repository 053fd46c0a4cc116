"""Searches that no cache answers: how many run at a time, and what anonymous clients may spend on them."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.refusals import SearchesCostly
from gateway.searches import SearchBudget

from .stand_in_mesh import running_gateway

AT_A_TIME = 8


def search(gateway, **query):
    with gateway.client() as http:
        return http.get("/v1/items", params=query or {"keyword": "book"})


def test_few_searches_run_at_a_time(mesh, tmp_path):
    with (
        running_gateway(mesh.targets, tmp_path, ANONYMOUS_SEARCH_PERCENT="1000000") as gateway,
        ThreadPoolExecutor(20) as threads,
    ):
        mesh.catalog.gate.clear()
        answers = [threads.submit(search, gateway) for _ in range(16)]
        mesh.catalog.await_calls("SearchItems", AT_A_TIME)
        # What an index yields does not wait for them.
        answers.append(threads.submit(search, gateway, category="3"))
        mesh.catalog.await_calls("SearchItems", AT_A_TIME + 1)
        assert [call.request.HasField("category") for call in mesh.catalog.calls].count(False) == AT_A_TIME
        mesh.catalog.gate.set()
        assert {answer.result().status_code for answer in answers} <= {200, 504}


def test_anonymous_searches_of_an_address_have_a_budget(mesh, tmp_path):
    with running_gateway(mesh.targets, tmp_path, ANONYMOUS_SEARCH_PERCENT="1") as gateway, gateway.client() as http:
        mesh.catalog.gate.clear()
        with ThreadPoolExecutor(AT_A_TIME) as threads:
            answers = [threads.submit(search, gateway) for _ in range(AT_A_TIME)]
            mesh.catalog.await_calls("SearchItems", AT_A_TIME)
            time.sleep(0.5)  # what they take together is twice the burst
            mesh.catalog.gate.set()
            assert {answer.result().status_code for answer in answers} == {200}
        rejected = http.get("/v1/items?keyword=book")
        assert (rejected.status_code, rejected.json()["reason"]) == (429, "SEARCHES_COSTLY")
        assert int(rejected.headers["retry-after"]) > 1
        assert http.get("/v1/items?category=3").status_code == 200
        assert http.get("/v1/items/1").status_code == 200
        account = {"username": "ann-budget", "password": "correct horse"}
        http.post("/v1/accounts", json=account | {"role": "buyer"})
        token = http.post("/v1/sessions", json=account).json()["token"]
        signed = {"authorization": f"Bearer {token}"}
        assert http.get("/v1/items?keyword=book", headers=signed).status_code == 200
        assert http.get("/v1/items?keyword=book", headers={"authorization": "Bearer x"}).status_code == 429


def test_a_client_that_goes_on_is_answered_slowly(mesh, tmp_path):
    with running_gateway(mesh.targets, tmp_path) as gateway, gateway.client() as http:
        mesh.account.fault = SearchesCostly(5.0)
        started = time.monotonic()
        assert http.post("/v1/sessions", json={"username": "nobody", "password": "wrong"}).status_code == 429
        assert time.monotonic() - started > 1


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def test_budget_is_a_burst_and_a_share_of_the_time():
    clock = Clock()
    budget = SearchBudget(0.25, clock)
    for _ in range(4):
        budget.check("ann")
        budget.charge("ann", 0.5)
    budget.check("ann")
    budget.charge("ann", 1.0)
    with pytest.raises(SearchesCostly):
        budget.check("ann")
    budget.check("bob")
    clock.now += 3.9
    with pytest.raises(SearchesCostly):
        budget.check("ann")
    clock.now += 0.2
    budget.check("ann")


def test_budget_of_the_longest_silent_client_is_forgotten(monkeypatch):
    monkeypatch.setattr("gateway.searches._MAX_CLIENTS", 2)
    budget = SearchBudget(0.25, Clock())
    for client in ("ann", "bob", "eve"):
        budget.charge(client, 100.0)
    budget.check("ann")
    with pytest.raises(SearchesCostly):
        budget.check("bob")
