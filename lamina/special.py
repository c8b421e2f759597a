"""`lamina.special`: special functions. They are operations (`lamina/ops/pointwise.py`), added by `namespace`."""
