"""From bytes to text: every encoding that spreadsheets write, and files that are not text at all."""

import codecs
import io
import zipfile

import pytest

from knowledge.importing import ImportFileError, decode


@pytest.mark.parametrize(
    ("mark", "codec", "name"),
    [
        (codecs.BOM_UTF8, "utf-8", "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32-le"),
        (b"", "utf-8", "utf-8"),
        (b"", "utf-16-le", "utf-16-le"),
        (b"", "utf-16-be", "utf-16-be"),
    ],
)
def test_unicode_files_are_read_with_certainty_and_lose_their_byte_order_mark(
    mark: bytes, codec: str, name: str
) -> None:
    text = "question,answer\nWo ist das Café?,日本\n"
    found = decode(mark + text.encode(codec))
    assert (found.text, found.encoding, found.certain) == (text, name, True)


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        ("Wie lange dauert die Prüfung? 5 € für Gäste, täglich", "cp1252", "windows-1252"),
        ("Où est la forêt ?", "cp1252", "windows-1252"),
        ("¿Cuánto cuesta una licencia según el año?", "cp1252", "windows-1252"),
        ("Ile kosztuje przesyłka? Zażółć gęślą jaźń, proszę.", "cp1250", "windows-1250"),
        ("Сколько стоит доставка? Мы отвечаем в течение дня.", "cp1251", "windows-1251"),
        ("配送料はいくらですか。三日以内に返品できます。", "cp932", "cp932"),
        ("运费是多少。三天内可以退货。请联系客服。", "gb18030", "gb18030"),
    ],
)
def test_a_code_page_is_recognised_but_never_called_certain(text: str, codec: str, name: str) -> None:
    found = decode(f"question,answer\n{text},{text}\n".encode(codec))
    assert (found.text.splitlines()[1], found.encoding, found.certain) == (f"{text},{text}", name, False)


def test_a_named_encoding_is_used_and_certain() -> None:
    found = decode("Żółw".encode("cp1250"), "windows-1250")
    assert (found.text, found.encoding, found.certain) == ("Żółw", "windows-1250", True)


def test_a_named_encoding_that_does_not_fit_says_at_which_line() -> None:
    with pytest.raises(ImportFileError, match="Line 3 does not fit the encoding utf-8"):
        decode(b"question,answer\na,b\ncaf\xe9,b\n", "utf-8")


@pytest.mark.parametrize("name", ["klingon", "zlib", "hex", "undefined", "idna", "", "utf\0"])
def test_an_encoding_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(ImportFileError, match=r"no encoding called .* Try utf-8"):
        decode(b"question,answer\n", name)


def test_a_named_encoding_that_contradicts_the_byte_order_mark_is_refused() -> None:
    with pytest.raises(ImportFileError, match="is utf-16-le, not windows-1252"):
        decode(codecs.BOM_UTF16_LE + "a".encode("utf-16-le"), "windows-1252")


def test_a_named_encoding_may_leave_the_byte_order_to_the_mark() -> None:
    found = decode(codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), "utf-16")
    assert (found.text, found.encoding, found.certain) == ("é", "utf-16-be", True)


def test_a_guess_that_fails_late_in_a_large_file_names_the_line() -> None:
    data = "où est la forêt ?\n".encode("cp1252") * 5000 + b"\x81\n"
    with pytest.raises(ImportFileError, match="Line 5001 does not fit the encoding windows-1252"):
        decode(data)


def test_a_broken_byte_in_a_utf8_file_is_named_and_does_not_turn_the_file_into_gibberish() -> None:
    good = "Où est le café ?,Là-bas, à côté.\n".encode()
    with pytest.raises(ImportFileError, match="UTF-8, but line 4 has a broken character"):
        decode(b"question,answer\n" + good * 2 + b"caf\xe9,b\n" + good)


def test_a_truncated_utf16_file_is_refused_with_its_line() -> None:
    with pytest.raises(ImportFileError, match="Line 2 does not fit"):
        decode(codecs.BOM_UTF16_LE + "question\nab".encode("utf-16-le")[:-1])


def zipped(inside: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(inside, "<xml/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (zipped("xl/workbook.xml"), "This is an Excel workbook. Upload it in the admin, or save it as CSV"),
        (zipped("word/document.xml"), "This is a Word document"),
        (zipped("faq.csv"), "This is a ZIP archive. Unpack it"),
        (b"\x89PNG\r\n\x1a\n\0\0", "This is a PNG image. Save the table as CSV"),
        (b"%PDF-1.7\n%\xe2\xe3", "This is a PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "This is an older Excel or Office file"),
        (b"\n<!DOCTYPE html><html>", "This is a web page"),
        (b"question,answer\na,b\nc\0,d\n", "Line 3 has a NUL byte"),
        (bytes(range(1, 256)) * 8, "could not be recognised"),
    ],
)
def test_a_file_that_is_not_text_is_refused_by_its_kind_and_with_advice(data: bytes, message: str) -> None:
    with pytest.raises(ImportFileError, match=message):
        decode(data)
