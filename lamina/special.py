"""`lamina.special`: special functions. They are operations (`lamina/ops/transcendental.py`), added by `namespace`."""
