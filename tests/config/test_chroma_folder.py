"""When the folder of Chroma is set aside, when it is left alone, and what is kept of it."""

from pathlib import Path

import pytest

from config import chroma_folder
from config.chroma_folder import ChromaFolder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder with a database in it."""
    path = tmp_path / "chroma"
    path.mkdir()
    (path / "chroma.sqlite3").write_text("data")
    return path


def broken(path: Path) -> list[Path]:
    return sorted(path.parent.glob("chroma.broken-*"))


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    ChromaFolder(tmp_path / "a" / "chroma").before_start()
    assert list((tmp_path / "a" / "chroma").iterdir()) == []


def test_a_healthy_folder_is_left_alone_start_after_start(path: Path) -> None:
    folder = ChromaFolder(path)
    for _ in range(3):
        folder.before_start()
        assert folder.find_trouble() is None
    assert broken(path) == []


def test_the_workers_mark_ends_the_server_and_sets_the_folder_aside(path: Path) -> None:
    folder = ChromaFolder(path)
    folder.before_start()
    (path / "set-aside").touch()
    assert "its index is broken" in str(folder.find_trouble())
    folder.before_start()
    assert list(path.iterdir()) == []
    assert (broken(path)[0] / "chroma.sqlite3").read_text() == "data"


def test_a_deleted_folder_is_trouble(path: Path) -> None:
    folder = ChromaFolder(path)
    folder.before_start()
    assert folder.find_trouble() is None
    (path / "chroma.sqlite3").unlink()
    assert "deleted" in str(folder.find_trouble())


def test_a_folder_that_was_replaced_is_trouble_once(path: Path) -> None:
    folder = ChromaFolder(path)
    folder.before_start()
    assert folder.find_trouble() is None
    (path.parent / "other").write_text("other data")
    (path.parent / "other").rename(path / "chroma.sqlite3")
    assert "replaced" in str(folder.find_trouble())
    folder.before_start()
    assert folder.find_trouble() is None


def test_the_third_start_in_a_row_without_getting_ready_gets_another_folder(path: Path) -> None:
    folder = ChromaFolder(path)
    folder.before_start()
    folder.before_start()
    assert broken(path) == []
    folder.before_start()
    assert len(broken(path)) == 1


def test_a_server_that_gets_ready_and_dies_at_once_over_and_over_gets_another_folder(path: Path) -> None:
    folder = ChromaFolder(path)
    for _ in range(chroma_folder.SHORT_LIVES):
        folder.before_start()
        folder.find_trouble()
    assert broken(path) == []
    folder.before_start()
    assert len(broken(path)) == 1


def test_the_two_newest_broken_folders_are_kept(path: Path) -> None:
    folder = ChromaFolder(path)
    for number in range(4):
        folder.before_start()
        (path / "number").write_text(str(number))
        (path / "set-aside").touch()
    folder.before_start()
    assert [(kept / "number").read_text() for kept in broken(path)] == ["2", "3"]
