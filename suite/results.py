"""Recorded campaigns as DataFrames. The dashboard, the verdicts and notebooks read results through here alone.

The frames and their columns are a contract:

``trainings``: one row per training, newest attempt of each key.
    data.overlap, data.population, data.n_train, data.n_validation, data.n_test,
    key, task, level, arm, block (int), kind ("trial" | "final"), number (int), status, error, best_step,
    parameters, losses, test_opened, started, ended (seconds since 1970), host, device, worker (text: host:pid),
    one column ``setting.<name>`` per tuned setting and one column per metric: ``validation.<measure>``,
    ``train.<measure>``, ``test.<measure>`` (finals only), ``seconds``, ``cpu_seconds``, ``steps``, ``epochs``,
    ``seconds_per_update``, ``seconds_per_epoch``.
``curves``: one row per (training, evaluation).
    key, task, level, arm, block, kind, number, step, epoch, seconds, ``train.objective`` (what training lowers,
    mean over the steps since the last evaluation), ``train.<measure>``, ``validation.<measure>``.
``cells``: one row per planned cell.
    task, level, arm, block, state ("queued" | "tuning" | "final" | "done" | "failed"), trials_done,
    trials_planned, finals_done, finals_planned, failures (int), best_number, seconds.
"""
