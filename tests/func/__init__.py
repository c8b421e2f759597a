"""Tests of transforms of functions."""
