"""Sets to measure on: a folder with a bank of entries (`faqs.jsonl`) and questions that name the entries they mean.

Every mistake in a file is an error that names the file and the line: a figure of a set read half is worse than none.
"""

import json
import random
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Split = Literal["dev", "test"]
DOCUMENTS = "documents.jsonl"
BANK = "faqs.jsonl"
QUERIES = "queries.jsonl"
SEED = 20261124


class DatasetError(Exception):
    """The set cannot be measured on; the message says where it is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class BankEntry:
    """An entry of the bank; `answer` may be empty, as in sets made from intents."""

    line: int
    id: str
    question: str
    answer: str
    phrasings: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Query:
    """A question and the ids of the entries that answer it; none means that the right reply is to decline."""

    id: str
    text: str
    relevant: frozenset[str]
    split: Split

    @property
    def in_scope(self) -> bool:
        """Tell whether the bank has an answer."""
        return bool(self.relevant)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A bank and the questions of one split, in the order of the file, or shuffled where they were limited."""

    name: str
    split: Split
    bank: tuple[BankEntry, ...]
    queries: tuple[Query, ...]


def load_dataset(
    folder: Path, *, split: Split, bank: str = BANK, queries: str = QUERIES, limit: int | None = None
) -> Dataset:
    """Read a set; file names are looked up in its folder, then as paths. Raises DatasetError.

    `limit` takes the first questions after a shuffle that is the same each time, so that those in and out of scope
    stay mixed.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {folder}. Name one that has {BANK} and {QUERIES}.")
    if bank == BANK and (folder / DOCUMENTS).exists() and not (folder / BANK).exists():
        raise DatasetError(
            f"“{folder.name}” is a set of documents ({DOCUMENTS}). Only banks of entries ({BANK}) can be measured yet."
        )
    bank_path, queries_path = _find(folder, bank), _find(folder, queries)
    entries = tuple(_bank_entry(record) for record in _records(bank_path))
    if not entries:
        raise DatasetError(f"{bank_path} has no entries.")
    asked = _queries(queries_path, ids={entry.id for entry in entries})
    return Dataset(folder.name, split, entries, _chosen(asked, split, limit, queries_path))


def load_questions(path: Path, *, known: Collection[str]) -> list[Query]:
    """Read questions that name entries among `known`, of both splits. Raises DatasetError."""
    if not path.is_file():
        raise DatasetError(f"There is no file {path}.")
    asked = _queries(path, ids=known)
    if not asked:
        raise DatasetError(f"{path} has no questions.")
    return asked


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, Path(name)):
        if path.is_file():
            return path
    others = sorted(path.name for path in folder.glob("*.jsonl"))
    there = f" There are: {', '.join(others)}." if others else ""
    advice = "--queries FILE takes other questions, --bank FILE another bank."
    raise DatasetError(f"{folder} has no {name}.{there} {advice}")


def _chosen(asked: Sequence[Query], split: Split, limit: int | None, path: Path) -> tuple[Query, ...]:
    chosen = [query for query in asked if query.split == split]
    if not chosen:
        counts = Counter(query.split for query in asked)
        there = ", ".join(f"{number:,} in “{name}”" for name, number in sorted(counts.items())) or "none at all"
        raise DatasetError(f"{path} has no questions in the split “{split}”; there are {there}. See --split.")
    if limit is not None:
        random.Random(SEED).shuffle(chosen)  # noqa: S311  (the same each time, and no secret)
    return tuple(chosen[:limit])


class _Record:
    """One line of a file; every reader of a field raises DatasetError with the line's number."""

    def __init__(self, path: Path, line: int, values: Mapping[str, object]) -> None:
        self.line = line
        self._path, self._values = path, values

    def wrong(self, message: str) -> DatasetError:
        return DatasetError(f"{self._path}, line {self.line:,}: {message}")

    def name(self, default: str | None = None) -> str:
        value = self._values.get("id", default)
        if type(value) is int or (isinstance(value, str) and value):
            return str(value)
        raise self.wrong('"id" must be a text or a number, and not empty.')

    def text(self, field: str, *, required: bool = False) -> str:
        value = self._values.get(field)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            raise self.wrong(f'"{field}" must be a text.')
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        value = self._values.get(field)
        value = [] if value is None else value
        if not isinstance(value, list) or not all(isinstance(v, str) or type(v) is int for v in value):
            raise self.wrong(f'"{field}" must be a list of texts.')
        return tuple(str(v) for v in value)

    def flag(self, field: str, default: bool) -> bool:
        value = self._values.get(field, default)
        if not isinstance(value, bool):
            raise self.wrong(f'"{field}" must be true or false.')
        return value

    def split(self) -> Split:
        value = self._values.get("split", "test")
        if value == "dev":
            return "dev"
        if value == "test":
            return "test"
        raise self.wrong('"split" must be "dev" or "test".')


def _bank_entry(record: _Record) -> BankEntry:
    question = record.text("question", required=True)
    if not question.strip():
        raise record.wrong('"question" is empty.')
    phrasings = record.texts("alternatives")
    return BankEntry(record.line, record.name(), question, record.text("answer"), phrasings, record.text("language"))


def _queries(path: Path, *, ids: Collection[str]) -> list[Query]:
    """Read all questions and make sure that each id they name is in the bank."""
    asked, dangling = [], []
    for record in _records(path):
        relevant = record.texts("relevant")
        in_scope = record.flag("in_scope", default=bool(relevant))
        if in_scope and not relevant:
            raise record.wrong('"in_scope" is true, but "relevant" names no entry.')
        wanted = frozenset(relevant if in_scope else ())
        dangling += [(record, name) for name in sorted(wanted) if name not in ids]
        asked.append(
            Query(record.name(f"line {record.line}"), record.text("text", required=True), wanted, record.split())
        )
    if dangling:
        record, name = dangling[0]
        more = f" {len(dangling) - 1:,} more like it follow." if len(dangling) > 1 else ""
        raise record.wrong(f"the bank has no entry “{name}”, which this question names as relevant.{more}")
    return asked


def _records(path: Path) -> Iterator[_Record]:
    """Yield one record per line that is not blank; ids must not repeat."""
    seen: dict[str, int] = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not UTF-8 (byte {error.start:,}). Save it as UTF-8.") from error
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}.") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            record = _Record(path, number, _object(path, number, line))
            name = record.name(f"line {number}")
            if (first := seen.setdefault(name, number)) != number:
                raise record.wrong(f"the id “{name}” is already used on line {first:,}.")
            yield record


def _object(path: Path, number: int, line: str) -> dict[str, object]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be read"
        raise DatasetError(f"{path}, line {number:,}: not valid JSON ({reason}). Each line is one object.") from error
    if not isinstance(found, dict):
        raise DatasetError(f"{path}, line {number:,}: not a JSON object. Each line is one object.")
    return found
