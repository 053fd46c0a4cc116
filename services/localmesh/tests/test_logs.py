"""Logs stay bounded while they are written and read."""

from pathlib import Path

from localmesh import logs


def test_a_log_that_grew_too_long_is_put_aside_while_its_writer_goes_on(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(logs, "SIZE_LIMIT", 10)
    log = tmp_path / "catalog-0.log"
    with log.open("a") as writer:
        print("a line that is long enough", file=writer, flush=True)
        logs.bound(tmp_path)
        print("after", file=writer, flush=True)
    assert log.read_text() == "after\n"
    assert (tmp_path / "catalog-0.log.1").read_text() == "a line that is long enough\n"


def test_a_reader_sees_whole_new_lines_also_after_a_log_was_cut(tmp_path: Path):
    log = tmp_path / "catalog-0.log"
    log.write_text("old\n")
    reader = logs.LogReader(tmp_path)
    with log.open("a") as writer:
        writer.write("new\nhal")
    assert list(reader.new_lines()) == [("catalog-0", "new")]
    log.write_text("cut\n")
    assert list(reader.new_lines()) == [("catalog-0", "cut")]
