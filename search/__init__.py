"""Which hyperparameters an arm gets. The one folder that imports optuna."""
