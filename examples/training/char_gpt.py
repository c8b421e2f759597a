"""A small GPT learns a language letter by letter. The language is made here, so its entropy is known.

    python examples/training/char_gpt.py --plot gpt.png

Sentences are put together from words chosen by chance. No model can be better than the entropy of that choice; the loss
is compared with it, and the network writes a few sentences of its own.
"""

import argparse
import math
import random
from pathlib import Path

import numpy as np

import lamina
from lamina import nn
from lamina.data import DataLoader, Dataset
from lamina.nn import functional as F

PLOT = Path("build/gpt.png")
CONTEXT = 64

ADJECTIVES = "old young tall quiet brave clever happy hungry lost tired".split()
NOUNS = "fox crow farmer river sailor moon teacher wolf garden stone child king".split()
VERBS = "sees follows finds remembers paints forgets answers hides".split()
ENDS = ["at night", "in the rain", "without a word", "every day", "by the sea", "again"]
SENTENCE = ("the ", ADJECTIVES, " ", NOUNS, " ", VERBS, " the ", NOUNS, " ", ENDS, ". ")


def write(sentences, seed):
    """A text, and its entropy: the nats a letter that the best prediction costs."""
    chance = random.Random(seed)
    parts = [part if isinstance(part, str) else chance.choice(part) for _ in range(sentences) for part in SENTENCE]
    text = "".join(parts)
    nats = sum(math.log(len(part)) for part in SENTENCE if not isinstance(part, str))
    return text, sentences * nats / len(text)


class Windows(Dataset):
    """Pieces of a text: CONTEXT letters, and the letters that follow each of them."""

    def __init__(self, letters):
        self.letters = letters

    def __len__(self):
        return (len(self.letters) - 1) // CONTEXT

    def __getitem__(self, i):
        piece = self.letters[i * CONTEXT : (i + 1) * CONTEXT + 1]
        return piece[:-1], piece[1:]


class Block(nn.Module):
    """Attention to what came before, then a network for each place, both added to the input."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        n, length, width = x.shape
        q, k, v = (
            part.view(n, length, self.heads, -1).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, dim=-1)
        )
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(n, length, width))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    """Logits (N, T, letters) of the letter that follows each place of a text (N, T)."""

    def __init__(self, letters, width=96, heads=4, layers=3):
        super().__init__()
        self.token, self.position = nn.Embedding(letters, width), nn.Embedding(CONTEXT, width)
        self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(layers)])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, letters)

    def forward(self, x):
        h = self.token(x) + self.position(lamina.arange(x.shape[1]))
        return self.head(self.norm(self.blocks(h)))

    def write(self, start, letters):
        """Go on with a text (1, CONTEXT) by so many letters, each drawn from what the network expects."""
        window, found = start, []
        with lamina.no_grad():
            for _ in range(letters):
                logits = self(window)[:, -1]
                found.append(lamina.multinomial(logits.softmax(dim=-1), 1))
                window = lamina.cat([window[:, 1:], found[-1]], dim=1)
        return lamina.cat(found, dim=1)[0]


def loss_in_context(net, batches):
    """Nats a letter in the second half of each window: where enough of the text came before to know where one is."""
    half = CONTEXT // 2
    with lamina.no_grad():
        losses = [F.cross_entropy(net(x)[:, half:].flatten(0, 1), y[:, half:].flatten()) for x, y in batches]
    return lamina.stack(losses).mean().item()


def main(plot=PLOT, epochs=8):
    lamina.manual_seed(0)
    text, floor = write(6000, seed=0)
    unseen, _ = write(600, seed=1)
    alphabet = sorted(set(text))
    code = {letter: i for i, letter in enumerate(alphabet)}
    train, valid = (np.array([code[letter] for letter in t]) for t in (text, unseen))

    net = GPT(len(alphabet))
    loader = DataLoader(Windows(train), batch_size=32, shuffle=True, drop_last=True)
    held_out = DataLoader(Windows(valid), batch_size=32, drop_last=True)
    optimizer = lamina.optim.AdamW(net.parameters(), lr=3e-3)
    schedule = lamina.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=epochs * len(loader))
    fitted = lamina.fit(
        net,
        loader,
        loss=lambda logits, target: F.cross_entropy(logits.flatten(0, 1), target.flatten()),
        optimizer=optimizer,
        epochs=epochs,
        valid=held_out,
        clip_norm=1.0,
        callbacks=[lamina.fit.Schedule(schedule, by="step")],
    )
    loss = loss_in_context(net, held_out)
    print(f"{loss:.4f} nats a letter of a text that it never saw; the text's entropy is {floor:.4f}")
    start = lamina.tensor(valid[:CONTEXT]).unsqueeze(0)
    written = "".join(alphabet[i] for i in net.write(start, 200).tolist())
    print(f"It writes: {written}")
    plot = Path(plot)
    plot.parent.mkdir(parents=True, exist_ok=True)
    fitted.plot().savefig(plot, dpi=150)
    print(f"Its training is drawn in {plot}.")
    return {"loss": loss, "entropy": floor, "written": written}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train a small GPT on a language of its own.")
    parser.add_argument("--plot", type=Path, default=PLOT, help="the PNG to write (default: %(default)s)")
    main(**vars(parser.parse_args()))
