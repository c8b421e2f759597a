"""Distances and similarities as layers, beside PyTorch's."""

from __future__ import annotations

import math

from tests.parity import compare_modules, floats


def test_pairwise_distance():
    x, y = floats(4, 3), floats(4, 3, seed=1)
    compare_modules(lambda nn: nn.PairwiseDistance(), x, y)
    compare_modules(lambda nn: nn.PairwiseDistance(math.inf, 1e-3, True), x, y)
    compare_modules(lambda nn: nn.PairwiseDistance(1), x[0], y[0])


def test_cosine_similarity():
    x, y = floats(4, 3), floats(4, 3, seed=1)
    compare_modules(lambda nn: nn.CosineSimilarity(), x, y)
    compare_modules(lambda nn: nn.CosineSimilarity(0, eps=0.5), x * 0.1, y)
