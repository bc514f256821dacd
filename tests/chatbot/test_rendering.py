"""The format of server-sent events: what a browser puts together again must be what was meant."""

import pytest

from chatbot.rendering import sse_frame


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        ("one", "data: one"),
        ("", "data: "),
        ("a\nb", "data: a\ndata: b"),
        ("a\r\nb\rc\n", "data: a\ndata: b\ndata: c\ndata: "),
        ("<p>\n\n</p>", "data: <p>\ndata: \ndata: </p>"),
        ("data: x\nid: 9", "data: data: x\ndata: id: 9"),
    ],
)
def test_every_line_of_the_data_has_a_field_of_its_own(data: str, lines: str) -> None:
    assert sse_frame("tail", data, 7) == f"id: 7\nevent: tail\n{lines}\n\n"


def test_a_frame_without_a_number_leaves_the_readers_place_alone() -> None:
    assert sse_frame("done", "x") == "event: done\ndata: x\n\n"
