"""A model's layers, against shapes and sizes that follow from its definition."""

from pathlib import Path

import tasks
from suite.report.layers import layers_by_arm

EXAMPLES = Path(__file__).parents[2] / "tasks" / "examples"


def test_the_layers_of_a_perceptron_have_the_sizes_of_its_definition():
    task = tasks.get("deep_vs_wide")
    level = next(iter(task.levels)).name
    layers = layers_by_arm("deep_vs_wide", level)["depth_3"]
    linear = [one for one in layers if one.kind == "Linear"]
    inputs = 40  # points of an MNIST-1D curve

    for layer in linear:
        outputs = int(layer.shape)

        assert layer.parameters == (inputs + 1) * outputs
        inputs = outputs
    assert len(linear) == 4  # three hidden layers and the one of classes
    assert inputs == 10


def test_all_parameters_of_a_model_are_in_its_layers():
    task = tasks.get("attention_vs_rnn")
    level = next(iter(task.levels))
    splits = task.load_data(level, 0)
    for arm, layers in layers_by_arm(task.name, level.name).items():
        params = task.default_params(task.arm(arm), level)
        model = task.arm(arm).build(splits.shape, level, params)
        size = sum(one.numel() for one in model.parameters())

        assert sum(layer.parameters for layer in layers) == size
        assert any(layer.shape for layer in layers)


def test_functions_have_no_layers():
    name = tasks.load_file(EXAMPLES / "thompson_sampling.py").name
    level = next(iter(tasks.get(name).levels))

    assert layers_by_arm(name, level.name) == {}
