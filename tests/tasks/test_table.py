"""Tables: what scikit-learn's transformers make of the training rows, and errors that
name file, column and row.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tasks import Level, Splits, UserError
from tasks.data.table import Table, table

ALL = Level("all")


def people(rows: int = 200) -> pd.DataFrame:
    """Numbers and categories with gaps; who pays is decided by age and town."""
    rng = np.random.default_rng(0)
    age = rng.normal(40, 10, rows).round(1)
    town = rng.choice(["Rome", "Oslo", "Lima"], rows)
    frame = pd.DataFrame(
        {
            "age": age,
            "town": town,
            "member": rng.random(rows) < 0.5,
            "pays": np.where((age > 40) ^ (town == "Oslo"), "yes", "no"),
        }
    )
    frame.loc[::7, "age"] = np.nan
    frame.loc[::11, "town"] = None
    return frame


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    people().to_csv(path, index=False)
    return path


def all_parts(splits: Splits) -> torch.Tensor:
    return torch.cat(
        [splits.train.x, splits.validation.x, splits.sealed.open().x]
    )


def test_inputs_are_what_scikit_learn_makes_of_the_training_rows():
    frame = people().assign(row=np.arange(200.0))  # tells which row went where
    splits = table(frame, "pays")(ALL, 3)
    names = splits.metadata["features"]
    rows = all_parts(splits)[:, names.index("row")].argsort().argsort().numpy()
    train = frame.iloc[rows[: len(splits.train)]]
    town = OneHotEncoder(
        categories=[["Lima", "Oslo", "Rome"]], handle_unknown="ignore"
    )
    peer = make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
            ["age"],
        ),
        (StandardScaler(), ["member", "row"]),
        (town, ["town"]),
        sparse_threshold=0,
    ).fit(train)

    expected = peer.transform(frame.iloc[rows])

    assert names == [
        "age",
        "member",
        "row",
        "town=Lima",
        "town=Oslo",
        "town=Rome",
    ]
    assert all_parts(splits).numpy() == pytest.approx(expected, abs=1e-5)


def test_labels_are_sorted_and_named(file):
    splits = table(file, target="pays")(ALL, 0)
    frame = people()

    assert splits.classes == 2
    assert splits.metadata["labels"] == ["no", "yes"]
    found = torch.cat(
        [splits.train.y, splits.validation.y, splits.sealed.open().y]
    )
    assert found.sum().item() == (frame["pays"] == "yes").sum()
    assert splits.population == "resplit"
    assert splits.pool == 200


def test_the_seed_decides_which_rows_learn_and_their_order_does_not(file):
    load = table(file, target="pays")
    mixed = people().sample(frac=1, random_state=1)

    def learned(found: Splits) -> set[tuple[float, ...]]:
        return set(map(tuple, found.train.x.round(decimals=4).tolist()))

    assert torch.equal(load(ALL, 1).train.x, load(ALL, 1).train.x)
    assert learned(load(ALL, 1)) != learned(load(ALL, 2))
    assert learned(table(mixed, "pays")(ALL, 1)) == learned(load(ALL, 1))


def test_a_target_of_numbers_is_standardised_by_the_training_rows():
    frame = people().drop(columns="pays").dropna()
    splits = table(frame, target="age")(ALL, 0)
    about = splits.metadata

    assert splits.classes == 1
    assert splits.train.y.mean().item() == pytest.approx(0, abs=1e-5)
    assert splits.train.y.std(correction=0).item() == pytest.approx(
        1, abs=1e-5
    )
    assert splits.shape.target_variance == pytest.approx(1, abs=1e-4)
    back = splits.sealed.open().y * about["target_std"] + about["target_mean"]
    assert all(
        np.isclose(frame["age"], age, atol=1e-3).any() for age in back.tolist()
    )


@pytest.mark.parametrize(
    ("values", "kind", "classes"),
    [
        ([3, 1, 2] * 20, "auto", 3),
        ([0.5, 1.5, 2.5] * 20, "auto", 1),
        (list(range(60)), "auto", 1),
        ([3, 1, 2] * 20, "regression", 1),
        ([0.5, 1.5, 2.5] * 20, "classification", 3),
        ([True, False] * 30, "auto", 2),
    ],
)
def test_few_whole_numbers_are_classes_and_kind_overrules(
    values, kind, classes
):
    frame = pd.DataFrame({"x": np.arange(60.0), "y": values})

    assert table(frame, "y", kind=kind)(ALL, 0).classes == classes


def test_labels_of_numbers_are_in_their_own_order():
    frame = pd.DataFrame({"x": np.arange(60.0), "y": [10, 9, 2] * 20})

    assert table(frame, "y")(ALL, 0).metadata["labels"] == ["2", "9", "10"]


def test_a_category_that_training_lacks_is_all_zero():
    frame = pd.DataFrame(
        {"x": np.arange(50.0), "c": ["a"] * 49 + ["b"], "y": [0, 1] * 25}
    )
    for seed in range(12):
        splits = table(frame, "y")(ALL, seed)
        place = splits.metadata["features"].index("c=b")
        if splits.train.x[:, place].sum() == 0:
            assert all_parts(splits)[:, place].sum() == 0
            return
    pytest.fail("the row was for training with every seed")


def test_columns_are_dropped_and_numbers_can_be_categories():
    frame = people().assign(id=range(200), code=[10, 20] * 100)

    splits = table(frame, "pays", drop=("id",), categories=("code",))(ALL, 0)

    assert splits.metadata["features"][-2:] == ["code=10", "code=20"]
    assert "id" not in splits.metadata["features"]


def test_a_changed_file_is_read_again(file):
    load = table(file, target="pays")
    load(ALL, 0)
    people(100).to_csv(file, index=False)

    assert load(ALL, 0).pool == 100


# ------------------------------------------------------------------------------- errors


def message(
    frame: pd.DataFrame, target: str = "pays", **options: object
) -> str:
    with pytest.raises(UserError) as caught:
        Table(frame, target, **options)(ALL, 0)  # type: ignore[arg-type]
    return str(caught.value)


def test_errors_name_file_column_and_row(file):
    text = file.read_text(encoding="utf-8").splitlines()
    text[5] = "forty," + text[5].partition(",")[2]
    file.write_text("\n".join(text), encoding="utf-8")

    with pytest.raises(
        UserError,
        match=r"people.csv, column 'age', row 5: 'forty' is not a number",
    ):
        table(file, target="pays")(ALL, 0)


def test_a_target_that_is_missing_is_told():
    frame = people()
    frame.loc[16, "pays"] = None

    assert "column 'pays', row 17: is the target and missing" in message(frame)


def test_what_cannot_be_used_is_told():
    frame = people()
    assert "did you mean 'pays'" in message(frame, "pay")
    assert "did you mean 'town'" in message(frame, drop=("towns",))
    assert "200 categories in 200 rows" in message(
        frame.assign(name=[f"n{i}" for i in range(200)])
    )
    assert "it is empty" in message(frame.assign(empty=np.nan))
    assert "is not finite" in message(frame.assign(big=[np.inf] + [0.0] * 199))
    assert "nothing to predict" in message(frame.assign(pays="yes"))
    assert "no column beside" in message(frame[["pays"]])
    assert "as kind='regression' needs" in message(frame, kind="regression")
    assert "leave a part empty" in message(frame, test=0.6, validation=0.4)


def test_a_file_that_is_not_there_says_how_to_name_it(tmp_path):
    with pytest.raises(UserError, match="with_name"):
        table(tmp_path / "none.csv", target="y")(ALL, 0)
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(UserError, match="cannot be read as CSV"):
        table(tmp_path / "empty.csv", target="y")(ALL, 0)


def test_wrong_options_are_refused_where_they_are_given():
    with pytest.raises(UserError, match="test"):
        table("x.csv", target="y", test=1.5)
    with pytest.raises(UserError, match="kind"):
        table("x.csv", target="y", kind="regresion")
    with pytest.raises(UserError, match="source"):
        table(3, target="y")
