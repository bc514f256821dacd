"""Which embedding back end this installation uses, chosen by EMBEDDING_MODEL and loaded once, at its first use."""

from functools import cache
from pathlib import Path

from django.conf import settings

from knowledge.embedding.base import Embedder
from knowledge.embedding.compatible import CompatibleEmbedder
from knowledge.embedding.onnx import folder_model, packaged_minilm


def get_embedder() -> Embedder:
    """Return the configured embedder, the same object for the life of the process."""
    return _load(settings.EMBEDDING_MODEL, settings.EMBEDDING_BASE_URL, settings.EMBEDDING_API_KEY)


@cache
def _load(choice: str, base_url: str, api_key: str) -> Embedder:
    if choice == "local":
        return packaged_minilm()
    if choice.startswith("openai:"):
        return CompatibleEmbedder(model=choice.removeprefix("openai:"), base_url=base_url, api_key=api_key)
    return folder_model(Path(choice))
