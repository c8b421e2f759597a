"""What training gave: a row of numbers for each epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, overload

Row = dict[str, Any]


class History:
    """A table of epochs: a row is a dict, a column a list.

    >>> history = History([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])
    >>> history["loss"], history[-1]
    ([0.5, 0.25], {'epoch': 2, 'loss': 0.25})
    >>> print(history)
    epoch  loss
        1   0.5
        2  0.25
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.rows: list[Row] = [dict(row) for row in rows]

    @property
    def columns(self) -> list[str]:
        """The names of all numbers, in the order in which they first came."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def add(self, row: Row) -> None:
        """One more epoch."""
        self.rows.append(dict(row))

    def to_dict(self) -> dict[str, list[Any]]:
        """By column, a list with a number for each epoch; None where there was none."""
        return {name: [row.get(name) for row in self.rows] for name in self.columns}

    def to_pandas(self) -> Any:
        """As a pandas DataFrame, the epoch as index. pandas must be installed."""
        try:
            import pandas
        except ImportError as error:
            raise ImportError("History.to_pandas: pandas is not installed. `pip install pandas`.") from error
        return pandas.DataFrame(self.rows).set_index("epoch") if self.rows else pandas.DataFrame()

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @overload
    def __getitem__(self, key: int) -> Row: ...
    @overload
    def __getitem__(self, key: str) -> list[Any]: ...

    def __getitem__(self, key: int | str) -> Any:
        if isinstance(key, str):
            if key not in self.columns:
                raise KeyError(f"history: no column {key!r}; there are {', '.join(self.columns) or 'none'}")
            return [row.get(key) for row in self.rows]
        return self.rows[key]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and self.rows == other.rows

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        names = [name for name in self.columns if any(is_number(row.get(name)) for row in self.rows)]
        if not names:
            return "no epochs yet"
        texts = [names, *([shown(row.get(name)) for name in names] for row in self.rows)]
        widths = [max(len(line[i]) for line in texts) for i in range(len(names))]
        return "\n".join("  ".join(x.rjust(width) for x, width in zip(line, widths, strict=True)) for line in texts)

    def __repr__(self) -> str:
        return f"History of {len(self.rows)} epochs\n{self}"


def is_number(x: Any) -> bool:
    """Whether a value of a row is one number, which can be drawn and logged."""
    return isinstance(x, (int, float)) and not isinstance(x, bool)


def shown(x: Any) -> str:
    """A number in few digits."""
    return f"{x:.4g}" if isinstance(x, float) else str(x) if is_number(x) else ""
