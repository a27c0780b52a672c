"""Names that MLflow accepts for metrics and params."""

import json

from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.validation import _validate_metric_name

from suite.tracking.payload import (
    METRIC_NAMES,
    dataset_input,
    mlflow_names,
    renamed_tag,
)


@given(st.lists(st.text(min_size=1, max_size=300), unique=True, max_size=6))
def test_every_name_becomes_one_that_mlflow_accepts(names):
    accepted = mlflow_names(names)

    assert list(accepted) == names
    for name in accepted.values():
        _validate_metric_name(name)
        assert len(name) <= 250


@given(
    st.lists(
        st.text("a@_%=/.", min_size=1, max_size=4), unique=True, max_size=6
    )
)
def test_no_two_metrics_share_a_name(names):
    accepted = mlflow_names(names)

    assert len(set(accepted.values())) == len(names)


def test_usual_names_stay_as_they_are():
    usual = [
        "validation.loss",
        "test.accuracy",
        "f1.macro",
        "top-5 error",
        "a/b",
    ]

    assert mlflow_names(usual) == {name: name for name in usual}
    assert renamed_tag(METRIC_NAMES, mlflow_names(usual)) == {}


def test_a_changed_name_is_readable_and_told():
    names = mlflow_names(["recall@5", "huber[delta=1.3]"])

    assert names == {
        "recall@5": "recall_at_5",
        "huber[delta=1.3]": "huber_delta_1.3_",
    }
    told = json.loads(renamed_tag(METRIC_NAMES, names)[METRIC_NAMES])
    assert told == {
        "recall_at_5": "recall@5",
        "huber_delta_1.3_": "huber[delta=1.3]",
    }


def test_a_run_of_a_function_has_no_data_set_and_is_published_all_the_same():
    data = {
        "population": "fresh",
        "test_train_ratio": 0.0,
    }  # as run_function says

    assert dataset_input({"data": data, "kind": "final"}) is None
