"""The rules that the code keeps: which floor imports which, what docstrings promise, how long a class is."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import lamina
from lamina import nn, optim
from lamina.nn import utils
from lamina.ops import TABLE

ROOT = Path(lamina.__file__).parent
FILES = {".".join(file.relative_to(ROOT.parent).with_suffix("").parts): file for file in sorted(ROOT.rglob("*.py"))}
TREES = {name.removesuffix(".__init__"): ast.parse(file.read_text(), str(file)) for name, file in FILES.items()}

ENGINE, OPS, VALUES, MODULES = "engine", "ops", "values", "modules"
BELOW = {
    ENGINE: {ENGINE},
    OPS: {OPS},
    VALUES: {ENGINE, OPS, VALUES},
    MODULES: {VALUES, MODULES},
}
"""What each floor may import. Operations and the engine know nothing of each other: `lamina.binding` joins them."""

UPSTAIRS = ("nn", "optim", "distributions", "data", "fit", "io", "parallel", "rtorch", "cli", "hub", "jit")
WIRING = {
    "lamina": "the contents page of the whole",
    "lamina.__main__": "the command line of the whole",
    "lamina.namespace": "puts the functions of every floor where users find them",
}


def floor(module: str) -> str:
    """The floor of a module of lamina."""
    room = module.split(".")[1] if "." in module else ""
    return room if room in (ENGINE, OPS) else MODULES if room in UPSTAIRS else VALUES


def is_typing_only(node: ast.If) -> bool:
    return "TYPE_CHECKING" in ast.unparse(node.test)


def statements(tree: ast.AST):
    """All nodes of a file, but those that only type checkers see."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and is_typing_only(child):
            continue
        yield child
        yield from statements(child)


def imports(name: str) -> list[tuple[int, str, str]]:
    """(line, module, name imported from it or '') for everything of lamina that a module imports."""
    found = []
    for node in statements(TREES[name]):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name, "") for alias in node.names if alias.name.split(".")[0] == "lamina"]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno}: imports are written in full"
            if (node.module or "").split(".")[0] == "lamina":
                found += [(node.lineno, node.module, alias.name) for alias in node.names]
    return found


def targets(module: str, name: str) -> str:
    """The module that `from module import name` reaches."""
    return f"{module}.{name}" if f"{module}.{name}" in TREES else module


def test_an_import_goes_down_a_floor_and_never_up():
    wrong = [
        f"{FILES.get(name, name)}:{line}: {floor(name)} imports {target} ({floor(target)})"
        for name in TREES
        if name not in WIRING
        for line, module, imported in imports(name)
        for target in [targets(module, imported)]
        if target != "lamina" and floor(target) not in BELOW[floor(name)]
    ]
    assert not wrong, "\n".join(wrong)


def test_engine_operations_and_modules_do_not_import_the_whole():
    wrong = [
        f"{name}:{line}"
        for name in TREES
        if floor(name) in (ENGINE, OPS) or name.startswith(("lamina.nn", "lamina.optim"))
        for line, module, imported in imports(name)
        if targets(module, imported) == "lamina"
    ]
    assert not wrong, "\n".join(wrong)


def test_outside_the_engine_nobody_reaches_into_its_files():
    public = set(lamina.engine.__all__)
    wrong = []
    for name, tree in TREES.items():
        if floor(name) == ENGINE:
            continue
        wrong += [
            f"{name}:{line}: {module}"
            for line, module, imported in imports(name)
            if module.startswith("lamina.engine.") or (module == "lamina.engine" and imported not in public)
        ]
        wrong += [
            f"{name}:{node.lineno}: {ast.unparse(node)}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and ast.unparse(node.value) in ("engine", "lamina.engine")
            and node.attr not in public
        ]
    assert not wrong, "\n".join(wrong)


def test_no_star_imports():
    wrong = [f"{name}:{line}" for name in TREES for line, _, imported in imports(name) if imported == "*"]
    assert not wrong, "\n".join(wrong)


def test_underscored_names_stay_in_their_file():
    wrong = [
        f"{name}:{line}: {imported} of {module}"
        for name in TREES
        for line, module, imported in imports(name)
        if imported.startswith("_") and not imported.startswith("__")
    ]
    assert not wrong, "\n".join(wrong)


READS_VALUES = {
    "lamina.nn.advice": "runs after an error, to say which index was out of range",
    "lamina.optim.bucket": "packs the state of small parameters into one buffer, once",
    "lamina.nn.utils.packed_sequence": "lengths decide shapes; most often they are on the host already",
    "lamina.optim.lbfgs": "a line search decides in Python, and reads its numbers together, once an evaluation",
}


def test_modules_and_optimizers_read_no_values():
    """Reading would cut a training step into two programs."""
    readers: dict[str, list[int]] = {}
    for name, tree in TREES.items():
        if not name.startswith(("lamina.nn", "lamina.optim")):
            continue
        for node in ast.walk(tree):
            method = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
            if method in ("item", "tolist", "numpy"):
                readers.setdefault(name, []).append(node.lineno)
    assert set(readers) == set(READS_VALUES), readers


# --- docstrings ---


def has_text(x: Any) -> bool:
    return bool((inspect.getdoc(x) or "").strip())


def test_every_operation_says_what_it_computes():
    silent = [op.name for op in TABLE.values() if not has_text(op.function)]
    assert not silent, silent


def public_objects():
    """(name, object) for all public functions and classes, and the public methods of Tensor."""
    places = {
        "lamina": vars(lamina),
        "lamina.nn": {name: getattr(nn, name) for name in nn.__all__},
        "lamina.nn.functional": vars(nn.functional),
        "lamina.nn.init": vars(nn.init),
        **{
            f"lamina.nn.{room.__name__.partition('nn.')[2]}": {name: getattr(room, name) for name in room.__all__}
            for room in (utils, utils.rnn, utils.parametrize, utils.parametrizations, utils.prune, utils.stateless)
        },
        "lamina.optim": vars(optim),
        **{
            f"lamina.optim.{room.__name__.rpartition('.')[2]}": {name: getattr(room, name) for name in room.__all__}
            for room in (optim.lr_scheduler, optim.swa_utils)
        },
        "lamina.autograd": vars(lamina.autograd),
        "lamina.data": {name: getattr(lamina.data, name) for name in lamina.data.__all__},
        "lamina.engine": {name: getattr(lamina.engine, name) for name in lamina.engine.__all__},
        "lamina.func": vars(lamina.func),
        "lamina.distributions": {name: getattr(lamina.distributions, name) for name in lamina.distributions.__all__},
        "lamina.sparse": {name: getattr(lamina.sparse, name) for name in lamina.sparse.__all__},
        "lamina.io": {name: getattr(lamina.io, name) for name in lamina.io.__all__},
        "lamina.fft": vars(lamina.fft),
        "lamina.fit": {name: getattr(lamina.fit, name) for name in lamina.fit.__all__},
        "lamina.linalg": vars(lamina.linalg),
        "lamina.special": vars(lamina.special),
        "lamina.Tensor": vars(lamina.Tensor),
        "lamina.nn.Module": vars(nn.Module),
        "lamina.optim.Optimizer": vars(optim.Optimizer),
    }
    for place, names in places.items():
        for name, x in names.items():
            ours = isinstance(x, property) or getattr(x, "__module__", "").startswith("lamina")
            if not name.startswith("_") and ours and (callable(x) or isinstance(x, property)):
                yield f"{place}.{name}", x


def test_every_public_name_has_a_docstring():
    silent = [name for name, x in public_objects() if not has_text(x)]
    assert not silent, silent


NOT_BUILT = {
    "Module": "the base class",
    "RNNBase": "its subclasses describe the parameters",
    "RNNCellBase": "its subclasses describe the parameters",
    "ParameterList": "holds what it is given",
    "ParameterDict": "holds what it is given",
    **{name: "its shapes come with the first input" for name in nn.__all__ if name.startswith("Lazy")},
    "Container": "deprecated, and warns of it",
    "DataParallel": "has those of the module it wraps",
}
CLASSES = 3
CONV = {"in_channels": 4, "out_channels": 6, "groups": 2}
RECURRENT = {"input_size": 3, "hidden_size": 4}
BUILT = {
    "Linear": [{"in_features": 2, "out_features": 3}, {"in_features": 2, "out_features": 3, "bias": False}],
    "Bilinear": [
        {"in1_features": 2, "in2_features": 3, "out_features": 4},
        {"in1_features": 2, "in2_features": 3, "out_features": 4, "bias": False},
    ],
    "Conv1d": [{**CONV, "kernel_size": 3}, {**CONV, "kernel_size": 3, "bias": False}],
    "Conv2d": [{**CONV, "kernel_size": (3, 2)}, {**CONV, "kernel_size": (3, 2), "bias": False}],
    "Conv3d": [{**CONV, "kernel_size": (3, 2, 1)}, {**CONV, "kernel_size": (3, 2, 1), "bias": False}],
    **{
        f"ConvTranspose{d}d": [{**CONV, "kernel_size": (3, 2, 1)[:d]}, {**CONV, "kernel_size": (2,) * d, "bias": False}]
        for d in (2, 3)
    },
    "ConvTranspose1d": [{**CONV, "kernel_size": 3}, {**CONV, "kernel_size": 3, "bias": False}],
    **{
        f"{kind}Pad{d}d": [{"padding": 1}]
        for kind in ("Reflection", "Replication", "Circular", "Zero")
        for d in (1, 2, 3)
    },
    **{f"ConstantPad{d}d": [{"padding": 1, "value": 2.0}] for d in (1, 2, 3)},
    "Unfold": [{"kernel_size": 2}],
    "Fold": [{"output_size": 3, "kernel_size": 2}],
    **{
        f"BatchNorm{d}d": [
            {"num_features": 3},
            {"num_features": 3, "affine": False},
            {"num_features": 3, "track_running_stats": False},
        ]
        for d in (1, 2, 3)
    },
    **{
        f"InstanceNorm{d}d": [
            {"num_features": 3},
            {"num_features": 3, "affine": True, "bias": False},
            {"num_features": 3, "affine": True, "track_running_stats": True},
        ]
        for d in (1, 2, 3)
    },
    "SyncBatchNorm": [{"num_features": 3}, {"num_features": 3, "affine": False, "track_running_stats": False}],
    **{name: [{"size": 3}] for name in ("LocalResponseNorm", "CrossMapLRN2d")},
    "LayerNorm": [
        {"normalized_shape": (2, 3)},
        {"normalized_shape": (2, 3), "bias": False},
        {"normalized_shape": (2, 3), "elementwise_affine": False},
    ],
    "RMSNorm": [{"normalized_shape": (2, 3)}, {"normalized_shape": (2, 3), "elementwise_affine": False}],
    "GroupNorm": [{"num_groups": 2, "num_channels": 4}, {"num_groups": 2, "num_channels": 4, "affine": False}],
    **{
        name: [
            RECURRENT,
            {**RECURRENT, "num_layers": 2, "bidirectional": True},
            {**RECURRENT, "num_layers": 2, "bias": False},
        ]
        for name in ("RNN", "LSTM", "GRU")
    },
    **{name: [RECURRENT, {**RECURRENT, "bias": False}] for name in ("RNNCell", "LSTMCell", "GRUCell")},
    "Embedding": [{"num_embeddings": 5, "embedding_dim": 3}],
    "EmbeddingBag": [{"num_embeddings": 5, "embedding_dim": 3}],
    "MultiheadAttention": [
        {"embed_dim": 4, "num_heads": 2},
        {"embed_dim": 4, "num_heads": 2, "kdim": 3, "vdim": 5, "bias": False, "add_bias_kv": True},
    ],
    "TransformerEncoderLayer": [{"d_model": 4, "nhead": 2}],
    "TransformerDecoderLayer": [{"d_model": 4, "nhead": 2}],
    "TransformerEncoder": [{"encoder_layer": nn.Identity(), "num_layers": 2}],
    "TransformerDecoder": [{"decoder_layer": nn.Identity(), "num_layers": 2}],
    "Transformer": [{"d_model": 4, "nhead": 2, "num_encoder_layers": 1, "num_decoder_layers": 1}],
    "PReLU": [{}, {"num_parameters": 4}],
    **{
        name: [{}, {"weight": lamina.ones(CLASSES)}]
        for name in (
            "CrossEntropyLoss",
            "NLLLoss",
            "NLLLoss2d",
            "BCELoss",
            "MultiMarginLoss",
            "MultiLabelSoftMarginLoss",
        )
    },
    "LinearCrossEntropyLoss": [
        {"in_features": 2, "num_classes": CLASSES},
        {"in_features": 2, "num_classes": CLASSES, "weight": lamina.ones(CLASSES)},
    ],
    "AdaptiveLogSoftmaxWithLoss": [{"in_features": 4, "n_classes": 5, "cutoffs": [2]}],
    "BCEWithLogitsLoss": [{}, {"weight": lamina.ones(CLASSES), "pos_weight": lamina.ones(CLASSES)}],
    "MaxPool1d": [{"kernel_size": 2}],
    "MaxPool2d": [{"kernel_size": 2}],
    "MaxPool3d": [{"kernel_size": 2}],
    "AvgPool1d": [{"kernel_size": 2}],
    "AvgPool2d": [{"kernel_size": 2}],
    "AvgPool3d": [{"kernel_size": 2}],
    **{f"Adaptive{kind}Pool{d}d": [{"output_size": 2}] for kind in ("Avg", "Max") for d in (1, 2, 3)},
    **{
        f"FractionalMaxPool{d}d": [
            {"kernel_size": 2, "output_size": 2},
            {"kernel_size": 2, "output_ratio": 0.5, "_random_samples": lamina.zeros(2, CLASSES, d)},
        ]
        for d in (2, 3)
    },
    **{f"LPPool{d}d": [{"norm_type": 2, "kernel_size": 2}] for d in (1, 2, 3)},
    **{f"MaxUnpool{d}d": [{"kernel_size": 2}] for d in (1, 2, 3)},
    "PixelShuffle": [{"upscale_factor": 2}],
    "PixelUnshuffle": [{"downscale_factor": 2}],
    "ChannelShuffle": [{"groups": 2}],
    "Unflatten": [{"dim": 1, "unflattened_size": (2, 3)}],
    "Threshold": [{"threshold": 0.1, "value": 20.0}],
}
"""Arguments to build layers with; a layer that is not listed is built without any."""
BUILT["LSTM"] = [*BUILT["LSTM"], {**RECURRENT, "num_layers": 2, "bidirectional": True, "proj_size": 2}]

LAYERS: dict[str, Any] = {
    name: getattr(nn, name)
    for name in nn.__all__
    if inspect.isclass(getattr(nn, name)) and issubclass(getattr(nn, name), nn.Module)
}
ENTRY = re.compile(r"(?P<names>[\w\[\], ]+?) \((?P<shape>[^)]*)\)(?P<none> or None)?(, if (?P<condition>\w+))?(:.*)?$")


def part(doc: str, title: str) -> list[str]:
    """The lines of one part of a docstring."""
    lines = inspect.cleandoc(doc).splitlines()
    if f"{title}:" not in lines:
        return []
    rest = lines[lines.index(f"{title}:") + 1 :]
    end = next((i for i, line in enumerate(rest) if not line.startswith("    ")), len(rest))
    return [line.strip() for line in rest[:end]]


def size(term: str, names: dict[str, Any]) -> list[int]:
    """The sizes that a term of a shape stands for: `3`, `out_features`, `4 hidden_size`, `a / b`, `*kernel_size`."""
    if term == "*":
        return list(names["any shape"])
    if term.startswith("*"):
        return list(names[term[1:]])
    code = re.sub(r"(?<=\w) (?=\w)", " * ", term).replace("/", "//")
    return [eval(code, {}, names)]


def shape_of(text: str, names: dict[str, Any], k: int) -> tuple[int, ...]:
    """The shape that is written, for the k-th layer: after `; for k > 0` stands another last size."""
    text, _, later = text.partition("; for k > 0 ")
    terms = [term.strip() for term in text.split(",") if term.strip()]
    if later and k > 0:
        terms[-1] = later
    return tuple(n for term in terms for n in size(term, names))


def described(doc: str, title: str, names: dict[str, Any]) -> dict[str, tuple[tuple[int, ...], bool]]:
    """What one part of a docstring promises: name -> (shape, whether it may be None)."""
    found: dict[str, tuple[tuple[int, ...], bool]] = {}
    layers = range(names.get("num_layers", 1))
    for line in part(doc, title):
        if line == "the same with _reverse, if bidirectional":
            if names["bidirectional"]:
                found.update({f"{name}_reverse": entry for name, entry in list(found.items())})
            continue
        entry = ENTRY.match(line)
        assert entry, f"cannot be read: {line}"
        if entry["condition"] and not names[entry["condition"]]:
            continue
        for name in entry["names"].split(", "):
            for k in layers if name.endswith("[k]") else (0,):
                shape = shape_of(entry["shape"], names, k)
                found[name.replace("[k]", str(k))] = (shape, entry["none"] is not None)
    return found


def arguments_of(layer: type, given: dict[str, Any]) -> dict[str, Any]:
    """All constructor arguments by name, and the letters of docstrings: D and P of recurrent layers, C of losses."""
    bound = inspect.signature(layer).bind(**given)
    bound.apply_defaults()
    names = dict(bound.arguments)
    names["D"] = 2 if names.get("bidirectional") else 1
    names["C"], names["any shape"], names["N"] = CLASSES, (CLASSES,), 2
    names["P"] = names.get("proj_size") or names.get("hidden_size")
    return names


@pytest.mark.filterwarnings("ignore:NLLLoss2d is deprecated:FutureWarning")
@pytest.mark.parametrize("name", [name for name in LAYERS if name not in NOT_BUILT])
def test_docstrings_describe_the_real_parameters(name):
    layer = LAYERS[name]
    for given in BUILT.get(name, [{}]):
        module, names = layer(**given), arguments_of(layer, given)
        for title, real in (("Parameters", module._parameters), ("Buffers", module._buffers)):
            promised = described(layer.__doc__, title, names)
            assert set(promised) == set(real), f"{name}({given}): {title}"
            for entry, (shape, optional) in promised.items():
                if real[entry] is None:
                    assert optional, f"{name}({given}): {entry} is None"
                else:
                    assert tuple(real[entry].shape) == shape, f"{name}({given}): {entry}"


def test_a_wrong_docstring_would_be_found():
    doc = "A layer.\n\nParameters:\n    weight_l[k] (4 n, m; for k > 0 D n): ones\n    bias, b2 (n,) or None: zeros\n"
    names = {"n": 3, "m": 2, "D": 2, "num_layers": 2}
    assert described(doc, "Parameters", names) == {
        "weight_l0": ((12, 2), False),
        "weight_l1": ((12, 6), False),
        "bias": ((3,), True),
        "b2": ((3,), True),
    }
    with pytest.raises(AssertionError, match="cannot be read"):
        described("A layer.\n\nParameters:\n    weight: ones", "Parameters", names)


FROM_R = {"AUMLoss": "nn_aum_loss", "Sparsemax": "nn_contrib_sparsemax"}
"""Layers of torch for R that PyTorch does not have."""


@pytest.mark.parametrize("name", [name for name, layer in LAYERS.items() if layer.__module__ != "lamina.nn.container"])
def test_layers_say_where_they_come_from(name):
    if name in ("Module", "RNNBase", "RNNCellBase"):
        return
    source = f"torch for R's {FROM_R[name]}" if name in FROM_R else f"torch.nn.{name}"
    assert f"Source: {source}" in inspect.cleandoc(LAYERS[name].__doc__)


# --- sizes ---

LONG_CLASSES = {
    "Module": "the base class: all of its door to state is in one place",
    "Sequential": "a list's methods",
    "ModuleList": "a list's methods",
    "ParameterDict": "a dict's methods",
    "RNNBase": "what RNN, LSTM and GRU share",
    "Embedding": "from_pretrained repeats the arguments",
    "EmbeddingBag": "from_pretrained repeats the arguments",
    "MultiheadAttention": "eleven arguments, eight of forward, and three ways to hold the projections",
}
ORDER = ("__init__", "reset_parameters", "forward", "extra_repr")


def classes():
    """The public classes of lamina.nn."""
    for module, tree in TREES.items():
        if module.startswith("lamina.nn."):
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and node.name in nn.__all__:
                    yield module, node


def test_a_class_of_layer_has_at_most_sixty_lines():
    long = {
        node.name: node.end_lineno - node.lineno + 1 for _, node in classes() if node.end_lineno - node.lineno >= 60
    }
    assert set(long) == set(LONG_CLASSES), long


def test_methods_of_layers_come_in_one_order():
    for module, node in classes():
        if node.name in LONG_CLASSES:
            continue
        methods = [x.name for x in node.body if isinstance(x, ast.FunctionDef) and x.name in ORDER]
        assert methods == sorted(methods, key=ORDER.index), f"{module}.{node.name}: {methods}"


TESTED_ELSEWHERE = {
    "lamina.ops.check": "by every operation's errors",
    "lamina.ops.bessel_tables": "tests/ops/test_bessel.py",
    "lamina.ops.matrix": "tests/ops/test_lu.py, test_cholesky.py, test_eigen.py, test_linalg_solve.py",
    "lamina.ops.op": "by tests/ops as a whole",
    "lamina.ops.promote": "tests/ops/test_pointwise.py",
    "lamina.ops.logic": "tests/ops/test_pointwise.py",
    "lamina.ops.maximum": "tests/ops/test_pool.py, test_adaptive_pool.py, test_fractional_pool.py",
    "lamina.ops.resample": "tests/ops/test_interpolate.py",
    "lamina.ops.operands": "tests/ops/test_pointwise.py",
    "lamina.ops.transcendental": "tests/ops/test_pointwise.py",
    **{f"lamina.ops.{name}": "tests/optim" for name in ("optim", "optim_adam", "optim_lbfgs", "optim_scaled")},
    "lamina.ops.optim_blocks": "tests/optim, and test_optimizer.py there for how states lie",
    "lamina.ops.averaging": "tests/optim/test_swa_utils.py",
    "lamina.optim.bucket": "tests/optim/test_optimizer.py",
    **{
        f"lamina.optim.{name}": "tests/optim/test_by_rule.py"
        for name in "adadelta adafactor adagrad adamax asgd muon nadam radam rmsprop rprop sparse_adam".split()
    },
    "lamina.io.storages": "tests/io/test_torch_files.py",
    **{
        f"lamina.data.{name}": "tests/data/test_workers.py"
        for name in "launch pool shared worker worker_info worker_iterator".split()
    },
    **{
        f"lamina.data.{name}": "tests/data/test_dataloader.py"
        for name in "fetch iterator order plan thread_iterator".split()
    },
    "lamina.data.distributed": "tests/data/test_sampler.py",
    **{
        f"lamina.io.{name}": "tests/io/test_files.py"
        for name in "advice manifest native sharing target tensors".split()
    },
    **{f"lamina.io.{name}": "tests/io/test_hostile.py" for name in "errors source zips safetensors_layout".split()},
    **{f"lamina.io.{name}": "tests/io/test_safetensors_files.py" for name in "safetensors_tensors sharded".split()},
    "lamina.io.pickle_writer": "tests/io/test_torch_writer.py",
    "lamina.nn.functional": "tests/ops",
    "lamina.nn.running_norm": "tests/nn/test_norm.py",
    "lamina.nn.hooks": "tests/nn/test_module.py",
    "lamina.nn.modules": "tests/test_torch_import.py",
    "lamina.nn.state": "tests/nn/test_module.py",
    "lamina.nn.tables": "tests/nn/test_module.py",
    "lamina.ops.recurrent_loops": "tests/ops/test_recurrent.py",
    "lamina.nn.walk": "tests/nn/test_module.py",
}


def test_a_file_has_its_tests_beside_it():
    missing = set()
    for name, file in FILES.items():
        room = file.parent.name
        beside = ROOT.parent / "tests" / room / f"test_{file.name}"
        if room in ("data", "ops", "nn", "optim", "io") and file.name != "__init__.py" and not beside.exists():
            missing.add(name)
    assert missing <= set(TESTED_ELSEWHERE), missing - set(TESTED_ELSEWHERE)
