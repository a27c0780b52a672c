"""Hyperparameter search. The only package that imports optuna."""
