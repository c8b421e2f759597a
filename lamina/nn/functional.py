"""`lamina.nn.functional`: layers as functions, their parameters being arguments.

Its functions are operations (`lamina/ops`) or made of them (`lamina/functions_*.py`), added by `namespace`.
"""
