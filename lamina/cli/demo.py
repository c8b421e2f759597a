"""`lamina demo`: trains the chapter's regression network."""

from __future__ import annotations

import time
from typing import Annotated

import typer

import lamina
from lamina import nn


def demo(
    epochs: Annotated[int, typer.Option(min=1, help="How many steps of training.")] = 200,
    seed: Annotated[int, typer.Option(help="The seed of data and initial weights.")] = 777,
) -> None:
    """Train a small regression network and print how its loss falls.

    The network of the chapter on modules: 3 inputs, 32 hidden units, one output; Adam on 100 points of a linear
    function with noise.

    [bold]Examples[/bold]

        lamina demo

        lamina demo --epochs 50 --seed 1
    """
    lamina.manual_seed(seed)
    x = lamina.randn(100, 3)
    y = x @ lamina.tensor([[0.2], [-1.3], [-0.5]]) + lamina.randn(100, 1)
    net = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 1))
    typer.echo(f"{net}\n")

    optimizer = lamina.optim.Adam(net.parameters(), lr=0.01)
    programs = lamina.engine.compilations()
    began = time.perf_counter()
    for epoch in range(1, epochs + 1):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        optimizer.step()
        if epoch == 1 or epoch == epochs or epoch % max(1, epochs // 10) == 0:
            typer.echo(f"epoch {epoch:4}   loss {loss.item():.4f}")
    seconds = time.perf_counter() - began
    programs = lamina.engine.compilations() - programs
    typer.echo(f"\n{epochs} steps in {seconds:.2f} s, {programs} programs compiled.")
