"""Decoding: both searches are made with one model, and only what is fed in differs."""

import torch
from torch import nn

import tasks
from tasks import Split
from tasks.decoding import BEAMS, Decoding
from tasks.procedures.sequence_to_sequence import Translation


def test_what_a_beam_adds_is_the_difference_of_two_searches(monkeypatch):
    exact = {1: 0.5, BEAMS: 0.625}
    asked = []

    def evaluate(procedure, model, split, generator):
        asked.append(model)
        return {"exact": exact[procedure.beams], "exposure_gap": 0.25}

    monkeypatch.setattr(Translation, "evaluate", evaluate)
    model, split = nn.Identity(), Split(torch.zeros(1), torch.zeros(1))

    found = Decoding().evaluate(model, split, torch.Generator())

    assert found == {"exact": 0.5, "exposure_gap": 0.25, "beam_gain": 0.125}
    assert asked == [model, model]


def test_arms_differ_in_what_the_decoder_is_fed_alone():
    task = tasks.get("decoding")
    teacher, half_own = (task.procedure_of(arm) for arm in task.arms)

    assert isinstance(teacher, Decoding)
    assert isinstance(half_own, Decoding)
    assert (teacher.truth, half_own.truth) == (1.0, 0.5)
    assert teacher.smoothing == half_own.smoothing == 0
