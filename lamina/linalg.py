"""`lamina.linalg`: linear algebra. Its functions are operations (`lamina/ops/linalg.py`), added by `namespace`."""
