"""Gradients: `backward`, `grad`, `Function`, hooks, and the modes `no_grad`, `enable_grad`, `inference_mode`."""

from lamina.autograd import anomaly_mode, forward_ad, function, functional, grad_mode, graph, profiler
from lamina.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from lamina.autograd.differentiate import accumulate, backward, call_hooks, collect, grad
from lamina.autograd.function import Function, NestedIOFunction
from lamina.autograd.grad_mode import (
    decorated,
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from lamina.autograd.gradcheck import gradcheck, gradgradcheck
from lamina.autograd.hooks import Handle, register_hook, register_post_accumulate_grad_hook, retain_grad
from lamina.autograd.profiler import kineto_available
from lamina.autograd.steps import AccumulateGrad, GradFn
from lamina.autograd.variable import Variable, variable

__all__ = [
    "AccumulateGrad", "Function", "GradFn", "Handle", "NestedIOFunction", "Variable", "accumulate", "anomaly_mode",
    "backward", "call_hooks", "collect", "decorated", "detect_anomaly", "enable_grad", "forward_ad", "function",
    "functional", "grad", "grad_mode", "gradcheck", "gradgradcheck", "graph", "inference_mode", "is_grad_enabled",
    "kineto_available", "no_grad", "profiler", "register_hook", "register_post_accumulate_grad_hook", "retain_grad",
    "set_detect_anomaly", "set_grad_enabled", "set_multithreading_enabled", "variable",
]  # fmt: skip
