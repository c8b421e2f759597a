"""Tests of `lamina.utils`."""
