"""How a module prints: what it is, its children, the number of its parameters, and what it holds itself.

    Linear(in_features=5, out_features=16, bias=True)
    96 parameters
    ● weight: Float [16, 5]
    ● bias: Float [16]

The first part is PyTorch's tree, in which equal layers of a long row share a line. Modules made by the constructors of
`lamina.rtorch` print in sections instead, as in the chapter those names come from. Both say the same things, gathered
by `_entries` and `parameter_count`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ROW = 8
"""How many equal layers in a row share a line; fewer print one by one, as in PyTorch."""

SHOWN = 50
"""How many lines a module's children get; of more than that, those in the middle are only counted."""

WIDTH = 80


def render(module: Any) -> str:
    """The text of a module, in the style of its class."""
    return _sections(module) if module._prints_in_sections else _tree_and_entries(module)


def one_line(module: Any, path: str = "") -> str:
    """A module in one line, for messages: `Linear(in_features=3, ...)`, or `Linear 'fc' (in_features=3, ...)`."""
    arguments = ", ".join(line.strip() for line in module.extra_repr().splitlines())
    name = module._get_name()
    if not path:
        return f"{name}({arguments})"
    return f"{name} {path!r} ({arguments})" if arguments else f"{name} {path!r}"


def parameter_count(module: Any) -> int:
    """How many numbers the parameters of a module and its descendants hold; shared ones count once."""
    return sum(parameter.numel() for parameter in module.parameters() if not _is_uninitialized(parameter))


def _is_uninitialized(tensor: Any) -> bool:
    return hasattr(tensor, "materialize")


def _entries(table: dict[str, Any]) -> Iterator[tuple[str, str, tuple[int, ...] | None, bool]]:
    """Name, type, shape (None if it is not known yet) and whether it requires a gradient, of each tensor in a table."""
    for name, tensor in table.items():
        if tensor is not None:
            shape = None if _is_uninitialized(tensor) else tuple(tensor.shape)
            yield name, tensor.dtype.tensor_name, shape, tensor.requires_grad


def _shape_text(shape: tuple[int, ...] | None) -> str:
    return "(uninitialized)" if shape is None else str(list(shape))


def _tree_and_entries(module: Any) -> str:
    lines = [_tree(module)]
    count = parameter_count(module)
    if count:
        lines.append(f"{count:,} parameter{'s' if count > 1 else ''}")
    for name, type_name, shape, requires_grad in _entries(module._parameters):
        lines.append(f"● {name}: {type_name} {_shape_text(shape)}{'' if requires_grad else ' (frozen)'}")
    for name, type_name, shape, _ in _entries(module._buffers):
        lines.append(f"● {name}: {type_name} {_shape_text(shape)} (buffer)")
    return "\n".join(lines)


def _tree(module: Any) -> str:
    arguments = module.extra_repr()
    extra = arguments.split("\n") if arguments else []
    children = list(_child_lines(module))
    if len(extra) <= 1 and not children:
        return f"{module._get_name()}({arguments})"
    return "\n".join((f"{module._get_name()}(", *("  " + line for line in (*extra, *children)), ")"))


def _child_lines(module: Any) -> Iterator[str]:
    rows = list(_rows((name, _child_tree(child)) for name, child in module._modules.items()))
    lines = []
    for names, text in rows:
        if len(names) >= (2 if module._prints_equal_children_once else ROW):
            lines.append(f"({names[0]}-{names[-1]}): {len(names)} x {text}")
        else:
            lines.extend(f"({name}): {text}" for name in names)
    if len(lines) > SHOWN:
        half = SHOWN // 2
        lines[half:-half] = [f"... {len(lines) - 2 * half} more ..."]
    for line in lines:
        yield line.replace("\n", "\n  ")


def _child_tree(child: Any) -> str:
    if child is None:
        return "None"
    return _tree(child) if getattr(type(child).__repr__, "_is_module_repr", False) else repr(child)


def _rows(children: Iterator[tuple[str, str]]) -> Iterator[tuple[list[str], str]]:
    """Children with consecutive numbers and the same text, put together."""
    names: list[str] = []
    last = ""
    for name, text in children:
        if names and text == last and name.isdigit() and names[-1].isdigit() and int(name) == int(names[-1]) + 1:
            names.append(name)
            continue
        if names:
            yield names, last
        names, last = [name], text
    if names:
        yield names, last


def _sections(module: Any) -> str:
    lines = [f"An `nn_module` containing {parameter_count(module):,} parameters."]
    modules = [
        f"● {name}: <{type(child).__name__}> #{parameter_count(child):,} parameters"
        for name, child in module._modules.items()
        if child is not None
    ]
    for title, section in (
        ("Modules", modules),
        ("Parameters", _section_entries(module._parameters)),
        ("Buffers", _section_entries(module._buffers)),
    ):
        if section:
            lines += ["", f"── {title} ".ljust(WIDTH, "─"), *section]
    return "\n".join(lines)


def _section_entries(table: dict[str, Any]) -> list[str]:
    """A shape is written as R writes a range: [1:16, 1:5]."""
    lines = []
    for name, type_name, shape, _ in _entries(table):
        ranges = "(uninitialized)" if shape is None else f"[{', '.join(f'1:{size}' for size in shape)}]"
        lines.append(f"● {name}: {type_name} {ranges}")
    return lines
