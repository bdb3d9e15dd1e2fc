"""Vectors: of unit length, by meaning, the same from the exported model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from functions.recommendations.rules.taste import cosine
from shared import encoding
from shared.encoding import (
    DIMENSION,
    MODEL,
    MiniLmEncoder,
    OnnxModel,
    TorchModel,
)
from shared.errors import Unavailable
from tools.export_encoder import LEAST_COSINE, export

TEXTS = [
    "", " ", "x", "Ports and protocols.", "Ports and protocols.\n" * 400, "Ünïcödé – 日本語 🔐",
    "How do I read a sign-in log?", "a" * 5000, "Datenschutz in der Schule",
    *(f"Sentence number {number} about networks." for number in range(70)),
]  # fmt: skip


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model as a deployed app carries it."""
    folder = tmp_path_factory.mktemp("model")
    assert export(folder) >= LEAST_COSINE
    return folder


def test_both_ways_give_the_same_vectors(exported: Path) -> None:
    """Whatever the text: short, long, empty, of any script; alone or among others."""
    reference, other = TorchModel(), MiniLmEncoder(exported)
    expected, found = reference.encode(TEXTS), other.encode(TEXTS)
    assert isinstance(other._loaded, OnnxModel)
    for text, one, two in zip(TEXTS, expected, found, strict=True):
        assert len(one) == len(two) == DIMENSION
        assert cosine(one, two) >= LEAST_COSINE, text[:40]
        assert cosine(two, two) == pytest.approx(1, abs=1e-5)
    alone = other.encode([TEXTS[6]])[0]
    assert cosine(alone, found[6]) >= LEAST_COSINE
    assert (other.model, other.dimension, other.encode([])) == (MODEL, DIMENSION, [])


def test_what_means_the_same_is_near() -> None:
    """Though it shares no word; what is of something else is not."""
    encoder = MiniLmEncoder()
    asked, near, far = encoder.encode(
        ["How can I stop deceptive mails?", "Protection against phishing", "Baking sourdough bread"]
    )
    assert cosine(asked, near) > 0.3 > 0.15 > cosine(asked, far)


def test_without_an_encoder_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither an exported model nor the package: an error that names both ways to have one."""
    monkeypatch.setattr(encoding, "find_spec", lambda _: None)
    encoder = MiniLmEncoder(tmp_path)
    with pytest.raises(Unavailable, match=r"requirements-encoder.txt.*tools/export_encoder.py"):
        encoder.encode(["text"])


def test_an_export_that_is_off_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, exported: Path
) -> None:
    """A model that gives other vectors is no model of ours."""
    wrong = [tuple(1.0 if at == 0 else 0.0 for at in range(DIMENSION))] * 5
    monkeypatch.setattr(OnnxModel, "encode", lambda self, texts: wrong)
    with pytest.raises(ValueError, match="off"):
        export(tmp_path)
    assert not (tmp_path / "model.onnx").exists()


def test_nothing_is_fetched_and_nothing_loaded_before_it_is_used() -> None:
    """The libraries are told to stay offline before they are imported."""
    code = (
        "import sys; from shared.encoding import MiniLmEncoder;"
        "e = MiniLmEncoder(); assert 'torch' not in sys.modules;"
        "e.encode(['x']); import huggingface_hub.constants as c; assert c.HF_HUB_OFFLINE"
    )
    root = Path(__file__).resolve().parents[3]
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
