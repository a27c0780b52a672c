"""The table of runs speaks the reader's language; its files do not."""

from dashboard.data.run_labels import column_title, label_runs
from dashboard.data.view import view_of
from dashboard.pages.runs import frames


def test_runs_have_the_labels_of_other_pages(snapshots, finished):
    view = view_of(snapshots, "/runs", f"?campaign={finished}&lang=zh")
    runs = frames(view)["runs"]
    first, shown = runs.iloc[0], label_runs(view, runs).iloc[0]

    assert first["kind"] == "final"
    assert shown["kind"] == "最终运行"
    assert shown["task"] == view.title(first["task"])
    assert shown["arm"] == view.arm_label(first["task"], first["arm"])
    assert shown["level"] == view.level_label(first["task"], first["level"])


def test_columns_are_titled_by_what_was_measured(snapshots, finished):
    view = view_of(snapshots, "/runs", f"?campaign={finished}&lang=zh")

    assert column_title(view, "arm") == "方案"
    assert column_title(view, "test.accuracy") == "准确率（测试）"
    assert column_title(view, "param.lr") == "param.lr"
