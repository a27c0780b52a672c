"""Proofs that a task is sound: what everybody relies on when they read its verdicts, tried out on the task itself.

A proof returns what it saw, or raises Unsound with what to do about it, or NothingToProve. They train a few short
trainings here and one in another process, and take seconds.
"""

from __future__ import annotations

import base64
import math
import pickle
import random
import re
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

import tasks
from suite.estimate import middle
from suite.finding import Finding
from suite.fingerprint import ROOT
from suite.job import Job, Kind, Member, Result, digest, timed
from suite.parallel import check_shareable
from suite.seeds import training_seeds
from suite.training import Training
from suite.worker import build_model, run_job
from tasks import Arm, FitOnce, Level, Phase, Range, Recipe, Split, Splits, Task, UserError

BATCH = 4  # examples that every model must be able to learn by heart
STEPS = 300  # in which it must do so
LEFT = 0.5  # of its objective may be left then: the smallest of models must pass, and a deaf one must not
SHORT = {"steps": 20, "evaluations": 2, "patience": None}  # a training that only has to repeat
EXAMPLES = 300  # for such a training
TWO = Recipe(steps=1, batch_size=0, workers=2)
ROUNDING = 1e-3  # of a gradient's length
DOUBLES = 0.001  # of the test examples may be training examples too, as in some published sets


class Unsound(Exception):
    """A proof failed: what was seen, and what to do."""

    def __init__(self, says: str, cure: str) -> None:
        super().__init__(says)
        self.says, self.cure = says, cure


class NothingToProve(Exception):
    """The task has nothing that this proof is about."""


def findings(task: Task) -> Iterator[Finding]:
    """All proofs, one after the other. A proof during which the task raises is a failed one."""
    for what, proof in PROOFS.items():
        try:
            yield Finding(what, True, proof(task))
        except NothingToProve as nothing:
            yield Finding(what, None, str(nothing))
        except Unsound as unsound:
            yield Finding(what, False, unsound.says, unsound.cure)
        except UserError as error:
            yield Finding(what, False, str(error))
        except Exception as error:
            yield Finding(what, False, f"it raises {type(error).__name__}: {error}", f"mend {_innermost(error)}")


# ---------------------------------------------------------------------------------------------------------- data


def data_depend_on_the_seed(task: Task) -> str:
    for level in task.light:
        first, again, other = (_digest(_loaded(task, level, seed, noise=n)) for n, seed in enumerate((0, 0, 1)))
        if first != again:
            raise Unsound(
                f"at {level.name}, seed 0 gives other data the second time",
                "draw every random number in load_data from a generator made from its seed",
            )
        if first == other:
            raise Unsound(f"at {level.name}, seeds 0 and 1 give the same data", "use the seed in load_data")
    return _count(len(task.light), "level")


def others_are_left_alone(task: Task) -> str:
    before = _global_state()
    task.load_data(task.light[0], 3)
    if _global_state() != before:
        raise Unsound(
            "load_data draws from, or seeds, the global generators", "use torch.Generator().manual_seed(seed)"
        )
    return "load_data draws from generators of its own"


def splits_are_disjoint(task: Task) -> str:
    for level in task.light:
        splits = task.load_data(level, 0)
        parts = {"training": splits.train, "validation": splits.validation, "test": _test(splits)}
        rows = {name: _rows(split) for name, split in parts.items()}
        for one, other in (("training", "test"), ("validation", "test"), ("training", "validation")):
            shared = len(rows[one] & rows[other])
            if shared > DOUBLES * len(rows[other]):
                raise Unsound(
                    f"at {level.name}, {shared:,} of {len(parts[other]):,} {other} examples are {one} examples too",
                    "split before anything is copied, and keep equal examples in one part",
                )
    return " / ".join(f"{len(split):,}" for split in parts.values()) + " examples"


def blocks_differ(task: Task) -> str:
    """Blocks must overlap as the task says they do: the width of every interval rests on it."""
    for level in task.light:
        here, there = task.load_data(level, 0), task.load_data(level, 1)
        test, elsewhere = _rows(_test(here)), _rows(_test(there))
        shared = len(test & (elsewhere | _rows(there.train) | _rows(there.validation))) / len(test)
        if here.population == "fresh" and shared > 0.5:
            raise Unsound(
                f"at {level.name}, {shared:.0%} of a block's test examples are in the next block's data too",
                'give Splits population="resplit" (one finite pool) or "official" (one given test set)',
            )
        if here.population == "official" and test != elsewhere:
            raise Unsound(f"at {level.name}, the official test set differs between blocks", "give all blocks one")
    return f"{here.population}, overlap {here.overlap:.2g}"


# ---------------------------------------------------------------------------------------------------------- arms


def arms_are_matched(task: Task) -> str:
    every: list[int] = []
    for level in task.light:
        counts = {arm.name: _parameters(task, level, arm) for arm in task.arms if not _is_fitted(task, arm)}
        if not counts:
            raise NothingToProve("no arm is trained step by step")
        least, most = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
        apart = counts[most] / max(counts[least], 1) - 1
        if task.parameters_within is not None and apart > task.parameters_within:
            raise Unsound(
                f"at {level.name}, {most} has {counts[most]:,} parameters and {least} {counts[least]:,}: "
                f"{apart:.1%} apart, where parameters_within says {task.parameters_within:.1%}",
                "solve for widths that match, as tasks/models/mlp.py does",
            )
        every += counts.values()
    says = f"{min(every):,} to {max(every):,} parameters"
    if task.parameters_within is None:
        raise NothingToProve(f"{says}, and parameters_within is not given")
    return f"{says}, within {task.parameters_within:.1%} at each level"


def untrained_models_guess(task: Task) -> str:
    """Much better than guessing is a leak, much worse a broken start. Losses tell it; accuracies vary too much."""
    seen = ""
    for level in task.light:
        splits = task.load_data(level, 0)
        for arm in task.arms:
            if _is_fitted(task, arm):
                continue
            start = next(iter(_training(task, level, arm, splits, middle(task.space_of(arm)), {"steps": 1})))
            for measure in task.procedure_of(arm).measures:
                value, worst = start.values[f"validation.{measure.name}"], measure.worst(splits.shape)
                if measure.better == "higher" or worst <= 0:  # no loss: a share, or a difference around 0
                    continue
                if not 0.5 * worst <= value <= 2 * worst + 0.1:
                    raise Unsound(
                        f"{arm.name} at {level.name} starts at {measure.name} {value:.3g}; guessing gives {worst:.3g}",
                        "start the output layer small; if it is below guessing, look for answers among the inputs",
                    )
                seen = seen or f"{measure.name} {value:.3g} at the start, {worst:.3g} by guessing"
    if not seen:
        raise NothingToProve("no loss is measured on an arm that is trained step by step")
    return seen


def tiny_batches_are_learned(task: Task) -> str:
    """Whatever can learn at all can learn four examples by heart."""
    level = task.light[0]
    splits = task.load_data(level, 0)
    few = splits.train.head(BATCH)
    tiny = replace(splits, train=few, validation=few)
    tried = 0
    for arm in task.arms:
        if _is_fitted(task, arm) or len(task.procedure_of(arm).phases(_model(task, level, arm, tiny))) > 1:
            continue  # adversaries have no objective that must fall
        tried += 1
        left = 1.0
        for share in (0.5, 0.8, 1.0):
            left = min(left, _objective_left(task, level, arm, tiny, share))
            if left <= LEFT:
                break
        else:
            raise Unsound(
                f"{arm.name} still has {left:.0%} of its objective after {STEPS} steps on {BATCH} examples",
                "look at its output, its loss, and the range of its learning rate",
            )
    if not tried:
        raise NothingToProve("no arm has a single objective that must fall")
    return f"{BATCH} examples, {_count(tried, 'arm')}"


def batches_can_be_shared(task: Task) -> str:
    """What `workers` rests on where an arm may have several: a batch's gradient is the mean over its parts."""
    level = task.light[0]
    splits = task.load_data(level, 0)
    batch, tried = splits.train.head(BATCH), 0
    for arm in task.arms:
        if not _is_shareable(task, level, arm, splits):
            continue
        tried += 1
        model = _model(task, level, arm, splits).eval()  # no unit is dropped
        for phase in task.procedure_of(arm).phases(model):
            whole = _gradient(phase, model, batch)
            parts = sum(len(part) / BATCH * _gradient(phase, model, part) for part in _in_two(batch))
            apart = ((parts - whole).norm() / whole.norm().clamp(min=1e-6)).item()
            if not apart <= ROUNDING:
                raise Unsound(
                    f"{arm.name}: the gradient of {BATCH} examples is {apart:.1%} off the mean over its parts",
                    "make the loss a mean over examples, each by itself, or leave out `mean=True`",
                )
    if not tried:
        raise NothingToProve("no arm can have several workers: no loss is a mean over examples, each by itself")
    return _count(tried, "arm")


# ----------------------------------------------------------------------------------------------------- trainings


def tests_stay_sealed(task: Task) -> str:
    for arm in task.arms:
        trial, final = (_result(task, task.light[0], arm, kind) for kind in ("trial", "final"))
        if trial.test_opened:
            raise Unsound(f"a trial of {arm.name} opens the test set", "leave `splits.sealed` closed")
        if final.status == "finished" and not final.test_opened:
            raise Unsound(f"the final of {arm.name} does not open it", "leave its evaluation to the suite")
    return f"opened by the finals of {_count(len(task.arms), 'arm')} alone"


def claims_can_be_judged(task: Task) -> str:
    """Every claim needs its metric on record, and a margin that the test set can show."""
    if not task.claims:
        raise NothingToProve("there are none yet")
    metrics = _result(task, task.light[0], task.arms[0], "final").metrics
    known = {name.removeprefix("test.") for name in metrics} | set(metrics) | {"parameters"}
    sizes = {level.name: len(task.load_data(level, 0).sealed) for level in task.light}
    for claim in task.claims:
        if claim.metric not in known:
            raise tasks.unknown(f"metric (claim {claim.name!r})", claim.metric, known)
        measure = task.measure(claim.metric)
        examples = min((sizes[name] for name in claim.levels or sizes if name in sizes), default=math.inf)
        if measure and measure.percent and claim.scale == "points" and claim.margin < 2 / examples:
            raise Unsound(
                f"{claim.name} has a margin of {claim.margin:.2%}, and {examples:.0f} test examples "
                f"show steps of {1 / examples:.2%}",
                "give it a larger margin, or the level more test examples",
            )
    return _count(len(task.claims), "claim")


def seeds_repeat(task: Task) -> str:
    level = task.light[0]
    for arm in task.arms:
        first, again = (_without_times(_result(task, level, arm, "final", noise)) for noise in (1, 2))
        if first != again:
            raise Unsound(f"{arm.name} at {level.name} differs the second time", "draw from the seeds handed in alone")
    return f"{SHORT['steps']} steps, {_count(len(task.arms), 'arm')}"


def jobs_travel(task: Task) -> str:
    """A worker is another process, perhaps on another machine: it gets the pickled job and nothing else."""
    level, arm = task.light[0], task.arms[0]
    here, job = _result(task, level, arm, "final"), short_job(task, level, arm, "final")
    text = base64.b64encode(pickle.dumps(job))
    call = [sys.executable, "-c", "from suite import check; check.answer_elsewhere()"]
    there = subprocess.run(call, input=text, capture_output=True, cwd=ROOT, timeout=600, check=False)
    if there.returncode:
        last = (there.stderr.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
        raise Unsound(f"it fails in another process: {last}", "define everything that it needs in the file itself")
    if there.stdout.decode().strip() != digest(_without_times(here)):
        raise Unsound(
            f"{arm.name} comes to something else in another process",
            "use nothing that differs between processes, such as the order of a set",
        )
    return f"a pickled job of {len(text) / 1000:.1f} kB"


def answer_elsewhere() -> None:
    """Run the pickled job on standard input and print the digest of what it came to."""
    job: Job = pickle.loads(base64.b64decode(sys.stdin.read()))
    print(digest(_without_times(run_job(job)[0])))


PROOFS: Mapping[str, Callable[[Task], str]] = {
    "data depend on the seed alone": data_depend_on_the_seed,
    "other random numbers left alone": others_are_left_alone,
    "splits share no example": splits_are_disjoint,
    "blocks differ as they say": blocks_differ,
    "arms match as they say": arms_are_matched,
    "untrained models guess": untrained_models_guess,
    "tiny batches are learned": tiny_batches_are_learned,
    "batches can be shared": batches_can_be_shared,
    "test set sealed until the final": tests_stay_sealed,
    "claims can be judged": claims_can_be_judged,
    "same seed, same bits": seeds_repeat,
    "same in another process": jobs_travel,
}


# ----------------------------------------------------------------------------------------------- what proofs need


def _loaded(task: Task, level: Level, seed: int, noise: int) -> Splits:
    """The splits, loaded while all global generators stand somewhere else."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(noise)
        states = random.getstate(), np.random.get_state()
        random.seed(noise)
        np.random.seed(noise)
        try:
            return task.load_data(level, seed)
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])


def _global_state() -> str:
    numbers = np.random.get_state(legacy=False)["state"]["key"]
    return digest([torch.get_rng_state().tolist(), numbers.tolist(), random.getstate()[1]])


def _test(splits: Splits) -> Split:
    return splits.sealed.resealed().open()  # a seal of our own: nothing is trained here


def _digest(splits: Splits) -> str:
    parts = (splits.train, splits.validation, _test(splits))
    return digest([sorted(_rows(split)) for split in parts])


def _rows(split: Split) -> set[str]:
    """What each example is, answer included."""
    x = split.x.detach().cpu().contiguous().flatten(1) if split.x.ndim > 1 else split.x.detach().cpu()[:, None]
    y = split.y.detach().cpu().contiguous().reshape(len(split), -1)
    return {a.tobytes().hex() + b.tobytes().hex() for a, b in zip(x.numpy(), y.numpy(), strict=True)}


def _is_fitted(task: Task, arm: Arm) -> bool:
    return isinstance(task.procedure_of(arm), FitOnce)


def _model(task: Task, level: Level, arm: Arm, splits: Splits) -> torch.nn.Module:
    return build_model(arm, level, splits, middle(task.space_of(arm)), seed=0)


def _parameters(task: Task, level: Level, arm: Arm) -> int:
    return sum(p.numel() for p in _model(task, level, arm, task.load_data(level, 0)).parameters())


def _training(
    task: Task, level: Level, arm: Arm, splits: Splits, settings: Mapping[str, Any], changes: Mapping[str, Any]
) -> Training:
    recipe = task.recipe_of(level, arm).with_changes({"evaluations": 2, "patience": None, **changes})
    model = build_model(arm, level, splits, settings, seed=0)
    seeds = training_seeds(0, task.name, level.name, 0, arm.name, "trial", 0)
    return Training(task.procedure_of(arm), model, splits.train, splits.validation, recipe, settings, seeds)


def _objective_left(task: Task, level: Level, arm: Arm, tiny: Splits, share: float) -> float:
    """What share of the first step's objective is left at the end, with the rate at ``share`` of its range."""
    rates = {phase.rate for phase in task.procedure_of(arm).phases(_model(task, level, arm, tiny))}
    settings = middle(task.space_of(arm))
    for name, setting in task.space_of(arm).items():
        if isinstance(setting, Range):  # no weight decay, no dropout: it has to learn by heart
            settings[name] = setting.low * (setting.high / setting.low) ** share if name in rates else setting.low
    still = {"schedule": "constant", "warmup": 0.0, "keep_best": False, "batch_size": 0}
    training = _training(task, level, arm, tiny, settings, {"steps": STEPS, **still})
    for _ in training:
        pass
    first, last = training.losses[0].item(), training.losses[-5:].mean().item()
    return last / first if first > 0 and last == last else float("inf")


def _is_shareable(task: Task, level: Level, arm: Arm, splits: Splits) -> bool:
    try:
        check_shareable(task.procedure_of(arm), _model(task, level, arm, splits), TWO)
    except UserError:
        return False
    return True


def _gradient(phase: Phase, model: torch.nn.Module, batch: Split) -> torch.Tensor:
    loss = phase.loss(model, batch, torch.Generator().manual_seed(0))
    learned = [p for p in model.parameters() if p.requires_grad]
    found = torch.autograd.grad(loss, learned, allow_unused=True)
    return torch.cat([g.flatten() for g in found if g is not None])


def _in_two(batch: Split) -> tuple[Split, Split]:
    """One example, and the others."""
    return batch.head(1), Split(batch.x[1:], batch.y[1:], batch.facts)


def short_job(task: Task, level: Level, arm: Arm, kind: Kind) -> Job:
    """A training of a few steps on a few examples, with settings from the middle of their ranges."""
    settings = middle(task.space_of(arm))
    seeds = training_seeds(0, task.name, level.name, 0, arm.name, kind, 0)
    member = Member(digest([task.name, level.name, arm.name, kind]), kind, 0, 0, settings, seeds)
    source = tasks.source_of(task.name)
    return Job(task.name, level.name, arm.name, (member,), examples=EXAMPLES, recipe=SHORT, source=source)


def _result(task: Task, level: Level, arm: Arm, kind: Kind, noise: int = 0) -> Result:
    """What a short training comes to, with global generators that stand at ``noise``. Unsound where it fails."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(noise)
        result = run_job(short_job(task, level, arm, kind))[0]
    if result.status not in ("finished", "diverged"):
        lines = re.findall(r'File "(.+)", line (\d+)', result.traceback or "")
        where = "mend {}, line {}".format(*lines[-1]) if lines else "mend the task"
        raise Unsound(f"a {kind} of {arm.name}: {result.status}, {result.error}", where)
    return result


def _without_times(result: Result) -> dict[str, Any]:
    metrics = {name: value for name, value in result.metrics.items() if not timed(name)}
    curve = [{name: value for name, value in row.items() if name != "seconds"} for row in result.curve]
    return {"metrics": metrics, "curve": curve, "losses": result.losses, "best": result.best_step}


def _innermost(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}, line {frame.lineno}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
