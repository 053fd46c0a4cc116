"""The checker as a program: a history that was recorded, a state that was dumped, an exit code."""

import pytest
from loadtests.faults.checker import check, main
from loadtests.faults.history import Call, Outcome, Recorder, read_history
from loadtests.faults.state import ShopState
from loadtests.tests.faults.model_shop import ModelShop


@pytest.fixture
def recorded(tmp_path):
    """A history with one order in it, and the paths of it and of the state."""
    recorder = Recorder(tmp_path / "history.jsonl", cache="tiered")
    setting = recorder.invoked(Call.SET_ITEM, "seller", "s1", "gateway", {"quantity": 5, "price_cents": 100})
    recorder.answered(setting, 201, {"item_id": "7"}, "gateway-0,catalog-0")
    recorder.note("SIGKILL order-0")
    recorder.fault_ended(recorder.fault_began("item 7 is locked", ("7",)))
    recorder.fault_began("order-0 is paused")
    asked = {"lines": {"7": 2}}
    recorder.unanswered(recorder.invoked(Call.BUY, "ann", "k1", "gateway", asked), "TimeoutError")
    recorder.close()
    shop = ModelShop()
    shop.set_item("7", quantity=5, price_cents=100)
    shop.write_down("order-0", "ann", {"7": 2})
    return shop, tmp_path / "history.jsonl", tmp_path / "state.json"


def run(recorded) -> int:
    shop, history, state = recorded
    state.write_text(shop.state().to_json())
    return main([str(history), "--state", str(state)])


def test_a_history_is_read_as_it_was_written(recorded):
    history = read_history(recorded[1])
    assert [attempt.outcome for attempt in history.attempts] == [Outcome.ACCEPTED, Outcome.UNKNOWN]
    assert history.attempts[0].told == {"item_id": "7"}
    assert [note.text for note in history.notes] == ["SIGKILL order-0"]
    locked, is_paused = history.faults
    assert (locked.text, locked.item_ids, locked.ended_at is None) == ("item 7 is locked", ("7",), False)
    assert (is_paused.text, is_paused.ended_at) == ("order-0 is paused", None)
    assert history.cache == "tiered"


def test_a_last_line_that_was_cut_off_is_left_out(recorded):
    with recorded[1].open("a") as history:
        history.write('{"event": "invoked", "at": 17')
    assert len(read_history(recorded[1]).attempts) == 2


def test_a_state_is_read_as_it_was_written(recorded):
    state = recorded[0].state()
    assert ShopState.from_json(state.to_json()) == state


def test_a_kept_promise_is_exit_code_0(recorded, capsys):
    assert run(recorded) == 0
    assert capsys.readouterr().out == "2 attempts, 0 violations\n"


def test_a_broken_promise_is_exit_code_1_and_shows_what_was_done_around_it(recorded, capsys):
    recorded[0].write_down("twin", "ann", {"7": 2})
    assert run(recorded) == 1
    told = capsys.readouterr().out
    assert "VIOLATION doubled order: the order twin of ann" in told
    assert "SIGKILL order-0" in told
    assert "key=k1" in told
    assert "2 attempts, 1 violations" in told


def test_either_a_mesh_or_a_state_must_be_given(recorded):
    with pytest.raises(SystemExit):
        main([str(recorded[1])])


def test_the_checker_finds_nothing_in_nothing():
    assert check(ModelShop().history, ModelShop().state()) == []
