"""Small programs in the manner of those that people write for PyTorch, under both: the same text comes out.

Numbers that a program draws are NumPy's, since the two libraries draw different ones from one seed.
"""

from __future__ import annotations

import contextlib
import io

import pytest

import lamina

START = """
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
rng = np.random.default_rng(0)
def draw(*shape):
    return torch.from_numpy(rng.standard_normal(shape).astype(np.float32))
def fill(module):
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(draw(*p.shape) * 0.3)
    return module
"""

PROGRAMS = {
    "regression by hand": """
x, y = draw(32, 4), draw(32, 1)
w = draw(4, 1).requires_grad_()
b = torch.zeros(1, requires_grad=True)
for step in range(6):
    loss = ((x @ w + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
        b -= 0.1 * b.grad
        w.grad.zero_()
        b.grad.zero_()
    print(f"{step} {loss.item():.4f}")
print(w.shape, [round(v, 4) for v in w.flatten().tolist()])
""",
    "a classifier": """
import argparse
class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, 1)
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(36, 3)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = self.dropout(torch.flatten(x, 1))
        return F.log_softmax(self.fc(x), dim=1)
args = argparse.Namespace(cuda=torch.cuda.is_available(), gamma=0.7)
device = torch.device("cuda" if args.cuda else "cpu")
x, y = draw(24, 1, 8, 8).to(device), torch.arange(24).to(device) % 3
model = fill(Net()).to(device)
model.eval()
optimizer = optim.Adadelta(model.parameters(), lr=1.0)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=args.gamma)
for epoch in range(1, 4):
    for i in range(0, 24, 8):
        data, target = x[i:i + 8], y[i:i + 8]
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        output = model(x)
    pred = output.argmax(dim=1, keepdim=True)
    correct = pred.eq(y.view_as(pred)).sum().item()
    print(f"epoch {epoch} loss {loss.item():.4f} correct {correct}/{len(x)} lr {scheduler.get_last_lr()[0]:.3f}")
    scheduler.step()
print(sorted(model.state_dict()), sum(p.numel() for p in model.parameters()))
""",
    "a variational autoencoder": """
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(12, 8), nn.Linear(8, 2), nn.Linear(8, 2)
        self.fc3, self.fc4 = nn.Linear(2, 8), nn.Linear(8, 12)
    def encode(self, x):
        h = F.relu(self.fc1(x))
        return self.fc21(h), self.fc22(h)
    def reparameterize(self, mu, logvar, eps):
        return mu + eps * torch.exp(0.5 * logvar)
    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))
    def forward(self, x, eps):
        mu, logvar = self.encode(x.view(-1, 12))
        return self.decode(self.reparameterize(mu, logvar, eps)), mu, logvar
model = fill(VAE())
optimizer = optim.Adam(model.parameters(), lr=1e-2)
x = torch.sigmoid(draw(16, 3, 4))
for step in range(5):
    optimizer.zero_grad()
    recon, mu, logvar = model(x, draw(16, 2))
    bce = F.binary_cross_entropy(recon, x.view(-1, 12), reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    loss = bce + kld
    loss.backward()
    optimizer.step()
    print(f"{loss.item() / len(x):.3f}")
""",
    "a character model": """
text = "to be or not to be that is the question"
chars = sorted(list(set(text)))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text], dtype=torch.long)
class Block(nn.Module):
    def __init__(self, n, heads):
        super().__init__()
        self.heads = heads
        self.key, self.query, self.value = (nn.Linear(n, n, bias=False) for _ in range(3))
        self.ln = nn.LayerNorm(n)
        self.register_buffer("tril", torch.tril(torch.ones(8, 8)))
    def forward(self, x):
        B, T, C = x.shape
        h = self.ln(x)
        k, q, v = (f(h).view(B, T, self.heads, C // self.heads).transpose(1, 2)
                   for f in (self.key, self.query, self.value))
        w = q @ k.transpose(-2, -1) * k.shape[-1] ** -0.5
        w = F.softmax(w.masked_fill(self.tril[:T, :T] == 0, float("-inf")), dim=-1)
        return x + (w @ v).transpose(1, 2).contiguous().view(B, T, C)
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(len(chars), 8), nn.Embedding(8, 8)
        self.blocks = nn.Sequential(Block(8, 2), Block(8, 2))
        self.head = nn.Linear(8, len(chars))
    def forward(self, idx, targets=None):
        B, T = idx.shape
        x = self.blocks(self.tokens(idx) + self.places(torch.arange(T, device=idx.device)))
        logits = self.head(x)
        if targets is None:
            return logits, None
        return logits, F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))
model = fill(Model())
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
for step in range(4):
    ix = torch.tensor(rng.integers(0, len(data) - 8, 4))
    xb = torch.stack([data[i:i + 8] for i in ix])
    yb = torch.stack([data[i + 1:i + 9] for i in ix])
    logits, loss = model(xb, yb)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    print(step, round(loss.item(), 4))
idx = data[:1].unsqueeze(0)
model.eval()
with torch.no_grad():
    for _ in range(3):
        idx = torch.cat((idx, model(idx[:, -8:])[0][:, -1].argmax(-1, keepdim=True)), dim=1)
print(idx.tolist())
""",
    "two networks against each other": """
G = fill(nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2, inplace=True), nn.Linear(8, 3), nn.Tanh()))
D = fill(nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2, inplace=True), nn.Linear(8, 1), nn.Sigmoid()))
criterion = nn.BCELoss()
optD, optG = (optim.Adam(net.parameters(), lr=0.01, betas=(0.5, 0.999)) for net in (D, G))
real = draw(8, 3)
for step in range(4):
    D.zero_grad()
    label = torch.full((8,), 1.0)
    errD_real = criterion(D(real).view(-1), label)
    errD_real.backward()
    fake = G(draw(8, 2))
    label.fill_(0.0)
    errD_fake = criterion(D(fake.detach()).view(-1), label)
    errD_fake.backward()
    optD.step()
    G.zero_grad()
    label.fill_(1.0)
    errG = criterion(D(fake).view(-1), label)
    errG.backward()
    optG.step()
    print("%d D: %.4f G: %.4f" % (step, (errD_real + errD_fake).item(), errG.item()))
""",
    "a recurrent model over lines": """
class RNN(nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.hidden_size = n_hidden
        self.i2h, self.i2o = nn.Linear(n_in + n_hidden, n_hidden), nn.Linear(n_hidden, n_out)
        self.softmax = nn.LogSoftmax(dim=1)
    def forward(self, input, hidden):
        hidden = torch.tanh(self.i2h(torch.cat((input, hidden), 1)))
        return self.softmax(self.i2o(hidden)), hidden
    def initHidden(self):
        return torch.zeros(1, self.hidden_size)
def line(word):
    tensor = torch.zeros(len(word), 1, 26)
    for i, letter in enumerate(word):
        tensor[i][0][ord(letter) - 97] = 1
    return tensor
rnn, criterion = fill(RNN(26, 5, 2)), nn.NLLLoss()
for word, category in (("abc", 0), ("xyz", 1), ("bca", 0)):
    hidden = rnn.initHidden()
    rnn.zero_grad()
    tensor = line(word)
    for i in range(tensor.size()[0]):
        output, hidden = rnn(tensor[i], hidden)
    loss = criterion(output, torch.tensor([category], dtype=torch.long))
    loss.backward()
    for p in rnn.parameters():
        p.data.add_(p.grad.data, alpha=-0.1)
    top_n, top_i = output.topk(1)
    print(word, round(loss.item(), 4), top_i[0].item())
""",
}


def output_of(program: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(START + program, "<program>", "exec"), {"__name__": "__main__"})
    return printed.getvalue()


SLOW = ("a classifier", "a character model")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in PROGRAMS]
)
def test_a_program_prints_the_same(name):
    theirs = output_of(PROGRAMS[name])
    with lamina.as_torch(swap=True):
        ours = output_of(PROGRAMS[name])
    assert ours.replace("lamina.Size", "torch.Size") == theirs
    assert theirs.count("\n") >= 3
