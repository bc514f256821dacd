"""From the bytes of a file to its text: which encoding it is in, and how sure that is.

Spreadsheets write UTF-8, UTF-16 or a Windows code page without saying which. What is not certain is
said to be a guess, so that the caller can show it and people can name the encoding themselves.
"""

import codecs
from dataclasses import dataclass

from charset_normalizer import CharsetMatch, from_bytes

from knowledge.importing.records import ImportFileError, show
from knowledge.texts import unify_newlines

_SAVE_AS = "Save the table as CSV (UTF-8) and import that."
_SIGNATURES = (
    (b"PK\x03\x04", "a ZIP archive", "Unpack it and import the CSV or JSONL file in it."),
    (b"\xd0\xcf\x11\xe0", "an older Excel or Office file", _SAVE_AS),
    (b"%PDF-", "a PDF document", _SAVE_AS),
    (b"\x89PNG", "a PNG image", _SAVE_AS),
    (b"\xff\xd8\xff", "a JPEG image", _SAVE_AS),
    (b"GIF8", "a GIF image", _SAVE_AS),
    (b"\x1f\x8b", "a gzip archive", "Unpack it and import the file in it."),
    (b"SQLite format 3", "an SQLite database", _SAVE_AS),
    (b"{\\rtf", "an RTF document", _SAVE_AS),
)
_IN_ZIP = (
    (b"xl/workbook", "an Excel workbook", "Upload it in the admin, or save it as CSV (UTF-8)."),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet", _SAVE_AS),
    (b"word/document", "a Word document", _SAVE_AS),
)
# The UTF-32 mark begins with the UTF-16 one, so it is looked for first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CANDIDATES = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp932", "gb18030", "big5", "cp949"]
_OF_HOST_NAMES = {"idna", "punycode"}
_SAMPLE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text without a byte order mark; `certain` is False when the encoding is only the likeliest."""

    text: str
    encoding: str
    certain: bool


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """Raises ImportFileError for binary files, damaged text and a named encoding that does not fit."""
    _refuse_binary(data)
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if encoding is not None:
        chosen = _check_named(encoding, marked)
        return Decoded(_decode_strictly(data, chosen), _public_name(chosen), True)
    unicode = marked or _unmarked_utf16(data)
    if unicode:
        return Decoded(_decode_strictly(data, unicode), unicode, True)
    _refuse_nul(data)
    try:
        return Decoded(data.decode("utf-8"), "utf-8", True)
    except UnicodeDecodeError as error:
        _refuse_damaged_utf8(data, error)
        return _guess(data)


def _refuse_binary(data: bytes) -> None:
    if data[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise ImportFileError(f"This is a web page. {_SAVE_AS}")
    for signature, kind, advice in _SIGNATURES:
        if data.startswith(signature):
            if kind == "a ZIP archive":
                inside = ((what, then) for part, what, then in _IN_ZIP if part in data)
                kind, advice = next(inside, (kind, advice))
            raise ImportFileError(f"This is {kind}. {advice}")


def _check_named(encoding: str, marked: str | None) -> str:
    try:
        name = codecs.lookup(encoding).name
        "a".encode(name)  # some codecs, such as zlib, are not of texts
        if name in _OF_HOST_NAMES:
            raise LookupError(name)
    except (LookupError, ValueError):
        raise ImportFileError(
            f"There is no encoding called {show(encoding)}. Try utf-8, utf-16 or windows-1252."
        ) from None
    if marked is None:
        return name
    if not name.startswith(marked.removesuffix("-le").removesuffix("-be")):
        raise ImportFileError(
            f"The file's first bytes say that it is {marked}, not {_public_name(name)}. Name that instead."
        )
    return marked


def _decode_strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise ImportFileError(
            f"Line {_line_of(data, error, encoding)} does not fit the encoding {_public_name(encoding)}. "
            "Name another encoding, or save the file as CSV (UTF-8)."
        ) from error


def _line_of(data: bytes, error: UnicodeDecodeError, encoding: str) -> int:
    before = data[: error.start].decode(encoding, errors="ignore")
    return unify_newlines(before).count("\n") + 1


def _unmarked_utf16(data: bytes) -> str | None:
    """Without a mark, the ASCII names in the header show as NULs in every other byte and none between."""
    start = data[:30]
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if not even and odd * 4 > len(start):
        return "utf-16-le"
    return "utf-16-be" if not odd and even * 4 > len(start) else None


def _refuse_nul(data: bytes) -> None:
    at = data.find(b"\0")
    if at >= 0:
        line = data[:at].count(b"\n") + 1
        raise ImportFileError(f"Line {line} has a NUL byte, so this is not a text file. {_SAVE_AS}")


def _refuse_damaged_utf8(data: bytes, error: UnicodeDecodeError) -> None:
    """A few broken bytes in a UTF-8 file must not turn the whole of it into Windows-1252 gibberish."""
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    sound = len(text) - len(text.encode("ascii", errors="ignore")) - broken
    if sound > 2 * broken:
        line = _line_of(data, error, "utf-8")
        raise ImportFileError(
            f"The file is UTF-8, but line {line} has a broken character. Correct it, or name the encoding."
        )


def _guess(data: bytes) -> Decoded:
    """The likeliest of the code pages that spreadsheets write, judged by the lines that are not ASCII."""
    matches = list(from_bytes(_telling_lines(data), cp_isolation=_CANDIDATES))
    likely = [match.encoding for match in matches]
    if any(_is_western(match, matches[0]) for match in matches):
        likely.insert(0, "cp1252")
    if not likely:
        raise ImportFileError(f"The encoding of this file could not be recognised. {_SAVE_AS}")
    encoding = next((name for name in likely if _fits(data, name)), likely[0])
    return Decoded(_decode_strictly(data, encoding), _public_name(encoding), False)


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _telling_lines(data: bytes) -> bytes:
    lines: list[bytes] = []
    size = 0
    for line in data.split(b"\n"):
        if not line.isascii():
            lines.append(line)
            size += len(line)
        if size > _SAMPLE_BYTES:
            break
    return b"\n".join(lines)


def _is_western(match: CharsetMatch, best: CharsetMatch) -> bool:
    """Short texts often suit several code pages equally: then Windows-1252, by far the most common, wins."""
    as_good = match.chaos <= best.chaos and match.coherence >= best.coherence - 0.05
    return as_good and "cp1252" in match.could_be_from_charset


def _public_name(encoding: str) -> str:
    return encoding.replace("cp125", "windows-125").removesuffix("-sig")
