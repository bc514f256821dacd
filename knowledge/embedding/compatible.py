"""Embeddings from any server that speaks OpenAI's protocol: OpenAI, Azure, Ollama, vLLM, llama.cpp."""

from collections.abc import Sequence

import numpy as np
import openai

from knowledge.embedding.base import (
    Embedder,
    EmbeddingRefusedError,
    EmbeddingSetupError,
    EmbeddingUnavailableError,
    Matrix,
)

TIMEOUT_S = 20.0


class CompatibleEmbedder(Embedder):
    """One request per batch of 64 texts, never retried here: the caller knows whether anybody is waiting."""

    batch_size = 64

    def __init__(self, *, model: str, base_url: str, api_key: str) -> None:
        self.name = f"openai:{model}"
        self._model = model
        # Local servers need no key, but the client insists on one.
        self._client = openai.OpenAI(
            api_key=api_key or "none", base_url=base_url or None, timeout=TIMEOUT_S, max_retries=0
        )

    def embed_batch(self, texts: Sequence[str]) -> Matrix:
        """Return the server's vectors in the order of `texts`, whatever order it answered in."""
        try:
            reply = self._client.embeddings.create(model=self._model, input=list(texts), encoding_format="float")
            rows = sorted(reply.data, key=lambda row: row.index)
            return np.array([row.embedding for row in rows], np.float32)
        except (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError) as error:
            raise EmbeddingUnavailableError(f"The embedding server did not answer: {error}") from error
        except (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError) as error:
            raise EmbeddingSetupError(f"The embedding server refused key or model: {error}") from error
        except openai.APIError as error:
            raise EmbeddingRefusedError(f"The embedding server refused the request: {error}") from error
        except (ValueError, TypeError, AttributeError) as error:  # a 200 that is no embedding reply
            raise EmbeddingUnavailableError(f"The embedding server answered rubbish: {error}") from error
