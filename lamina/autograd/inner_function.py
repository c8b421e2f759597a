"""A `Function` inside a transform: its forward and its backward are recorded, and become one instruction."""

from __future__ import annotations

from typing import Any

from lamina import creation, engine, trees
from lamina.tensor import Tensor, wrap


def apply_inside(function: Any, context: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`Function.apply` where the trace is that of a function that is being transformed.

    The forward program gives the results, then every tensor that `ctx` holds; the backward program takes those and the
    gradients of the results.
    """
    from lamina.autograd.function import gradients_of_inputs

    inputs = [x for x in args if isinstance(x, Tensor)]
    values = [x.current() for x in inputs]
    box: dict[str, Any] = {}

    def forward(*given: Any) -> list[Any]:
        elements = map(wrap, given)
        new = tuple(next(elements) if isinstance(x, Tensor) else x for x in args)
        results = function.call_forward(context, new, kwargs)
        outputs = _flat(results)
        box["results"], box["smooth"] = results, function.smooth_results(context, outputs)
        box["outputs"] = [x for x in outputs if isinstance(x, Tensor)]
        box["held"] = [name for name, x in vars(context).items() if isinstance(x, Tensor)]
        saved = context.saved_tensors
        box["saved"] = [x is not None for x in saved]
        kept = [x for x in saved if x is not None] + [getattr(context, name) for name in box["held"]]
        return [x.current() for x in (*box["outputs"], *kept)]

    trace, found, _ = engine.capture(
        forward, [(v.spec, False, v) for v in values], f"{function.__name__}.apply", grad=False
    )
    first = engine.Recorded(trace, values, found)
    count = len(box["outputs"])
    order = [i for i, x in enumerate(_flat(box["results"])) if isinstance(x, Tensor)]
    smooth = tuple(order.index(i) for i in box["smooth"])
    result_specs = [value.spec for value in found[:count]]
    kept = [value.spec for value in found[count:]]
    cotangents = [found[i].spec for i in smooth]
    engine.close(trace)

    def backward(*given: Any) -> list[Any]:
        tensors = list(map(wrap, given))
        saved = iter(tensors[: len(kept)])
        restored = [next(saved) if there else None for there in box["saved"]]
        context.to_save = tuple(restored)
        context._unpack = tuple((lambda x=x: x) for x in restored)
        for name in box["held"]:
            setattr(context, name, next(saved))
        gradients = iter(tensors[len(kept) :])
        materialize = context.materialize_grads

        def missing(spec: Any) -> Tensor | None:
            return creation.zeros(spec.shape, dtype=spec.dtype, device=spec.device) if materialize else None

        whole = iter(next(gradients) if i in smooth else missing(spec) for i, spec in enumerate(result_specs))
        everything = [next(whole) if isinstance(x, Tensor) else None for x in _flat(box["results"])]
        results = gradients_of_inputs(function, context, args, everything)
        box["given"] = [x is not None for x, y in zip(results, args, strict=True) if isinstance(y, Tensor)]
        return [x for x in results if x is not None]

    specs = [(spec, False, None) for spec in (*kept, *cotangents)]
    trace, found, _ = engine.capture(backward, specs, f"{function.__name__}.backward", grad=False)
    second = engine.Recorded(trace, [], found)
    engine.close(trace)
    results = engine.record_custom(first, second, count, smooth, tuple(box["given"]))
    made = iter(map(wrap, results))
    outputs = [next(made) if isinstance(x, Tensor) else x for x in _flat(box["results"])]
    for i, x in enumerate(outputs):
        if isinstance(x, Tensor) and i not in box["smooth"]:
            outputs[i] = x.detach()
    return trees.replaced(box["results"], outputs) if isinstance(box["results"], (tuple, list)) else outputs[0]


def _flat(results: Any) -> list[Any]:
    return list(results) if isinstance(results, (tuple, list)) else [results]
