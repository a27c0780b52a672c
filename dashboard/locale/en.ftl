## Shell

skip = Skip to content
copy = Copy link
copied = Copied ✓
language = Language
synthetic = Synthetic
synthetic-says = Made-up numbers to look at pages with: nothing was trained
live = { $done } / { $planned }
fresh = as of { $when }
stale = Not current
lost-since = Not connected since { $when }.
server-from = From MLflow
server-from-says = Kept current from { $server }; finished cells are fetched once.
server-away = MLflow cannot be reached: as of { $when } ({ $age } ago)
server-fetching = Being fetched from MLflow
server-away-never = MLflow cannot be reached
server-said = What was tried
server-title = Nothing fetched from MLflow yet
server-unseen = { $server } does not answer. This page keeps trying, and fills by itself.
server-none = { $server } has no campaign of Bakeoff yet, or it is just being fetched. This page fills by itself.
report-get = Report
report-says = The whole campaign as one HTML file, to read offline, print and hand on
choose-campaign = Campaign
choose-task = Task
choose-level = Level
choose-arm = Arm
choose-measure = Measure
choose-claim = Claim

## Verdicts

verdict-supported = Supported
verdict-refuted = Refuted
verdict-no-difference = No difference that matters
verdict-inconclusive = Inconclusive
verdict-pending = Pending
verdict-incomplete = Incomplete
undecided = { $status }, { $blocks }
label-exploratory = exploratory
label-confirmatory = confirmatory
would-be = would be: { $verdict }
blocks-of = { $done } of { $planned } { $planned ->
    [one] block
   *[other] blocks
}
times-less = { $times } times less
unit-points = points
unit-point = point
unit-doubling = {" "}per doubling
interval = [{ $low }, { $high }]

## Overview

overview-title = Overview
overview-says = What the blocks say of each textbook claim.
overview-filter = Show one verdict only
overview-search = Search
overview-search-says = claim, question, arm … and Enter
overview-all-tasks = All tasks
overview-sort = Order
overview-none-found = No claim is like that
overview-none-found-says = Search for fewer words, or choose another task or verdict.
overview-show-all = Show all claims
sort-plan = As planned
sort-effect = Largest effect first, in margins
sort-verdict = By verdict
overview-no-claims = No claims
overview-no-claims-says = No claim of these tasks can be decided by the arms and levels of this campaign.
judging-title = Judging …
judging-says = The verdicts are being computed; this page shows them as soon as they are there.
forest-title = All claims on one scale
forest-says = Effects in units of the smallest difference that matters: inside the grey band it does not. Thick: the interval that decides; thin: the plain 95 % interval.
forest-against = ← against the claim
forest-for = for the claim →
forest-margins = in margins (±1 = the smallest difference that matters)
forest-claim = Claim
forest-effect = Effect, 95 % interval
forest-verdict = Verdict
forest-topic = About this topic →
forest-topic-of = { $task }: about this topic
forest-none = no pairs yet
forest-blocks = Blocks and runs
forest-label = Effect { $effect }, 95 % interval { $interval }; differences below { $margin } do not matter
matrix-title = Cells
matrix-show = Cells of { $tasks ->
    [one] 1 task
   *[other] { $tasks } tasks
}
matrix-not-planned = not planned: no claim needs it
matrix-says = A square per block: one tuning study and its finals. Follow a strip to its runs.
state-done = Done
state-final = Final
state-tuning = Tuning
state-failed = Failed
state-queued = Queued
status-finished = Finished
status-diverged = Diverged
status-out-of-memory = Out of memory
status-timed-out = Timed out
status-crashed = Crashed
status-lost = Lost
progress-label = Progress of the campaign
progress-runs = { $done } of { $planned } runs
progress-rate = { $rate } a minute
progress-left = { $left } left
progress-in-flight = { $in_flight } running on { $slots } slots
progress-failures = Among the runs: { $causes }.
progress-interrupted = Interrupted after { $done } of { $planned } runs: its driver ended without a record of it. `bakeoff run { $name }` resumes it.
progress-stopped = Stopped after { $done } of { $planned } runs. `bakeoff run { $name }` resumes it.
progress-incomplete = Incomplete: { $done } of { $planned } runs. `bakeoff retry` runs the failed ones again.

## Curves

curves-title = Learning curves
curves-says = Finals only. Line: mean over blocks. Band: its 95 % interval. Thin: single blocks. ◆: the checkpoint that was chosen.
curves-validation = { $measure } on validation
curves-train = { $measure } on training examples
curves-gap = Training minus validation
curves-axis-validation = { $measure }, validation
curves-axis-train = { $measure }, training
curves-axis-gap = Difference in { $measure }
curves-n = n = { $blocks } blocks, up to { $finals } finals each; none left out.
curves-n1 = n = { $blocks } blocks, one final each; none left out.
curves-checkpoint = chosen checkpoint (median of all finals)
curves-smoothed = Smoothed lines lag behind what was measured.
curves-every-arm = All arms alike
curves-difference = How far { $better } is ahead of { $worse }
curves-difference-axis = Difference in the claim's direction
curves-difference-says = Arms of a block in pairs. Line: mean over blocks; band: its 95 % interval; thin: single blocks. Grey: too little to matter; above it, in favour of the claim.
curves-other-level = The claim is about { $levels }.
curves-not-measured = The claim is about { $metric }, which has no curve: its arms stand out among the others.
axis-step = Updates
axis-epoch = Epochs
axis-seconds = Training time, seconds
axis-examples = Examples seen
axis-short-step = Updates
axis-short-epoch = Epochs
axis-short-seconds = Seconds
axis-short-examples = Examples
option-x = Horizontal
option-band = Spread
option-scale = Vertical
option-smooth = Smoothing
band-both = Both
band-interval = Interval
band-blocks = Blocks
band-none = None
scale-linear = Linear
scale-log = Log
smooth-0 = None
smooth-0-6 = Some
smooth-0-9 = Much

## Charts

chart-nothing = Nothing recorded yet.
chart-table = View as table
chart-save = Save
table-cut = The first { $shown } of { $all } rows; the files have them all.

## Errors and emptiness

error-title = This page could not be shown
error-says = The server's log says why. The other pages may well work.
error-not-there = Nothing here by that name
error-unreadable = This campaign cannot be shown
error-again = This page without choices
error-no-page = No such page
error-no-page-says = There is nothing at { $path }.
none-title = No campaign yet
none-what = Nothing has been recorded in this results folder
none-says = Start a campaign; this page shows it as soon as its first run is recorded.
none-demo = sets everything up, runs a small campaign and shows it here.
none-run = runs a small campaign where Bakeoff is installed.

## Claim

claim-title = Claim
claim-matchings = Asked together with:
claim-unjudged = No verdict on this claim
meaningful = meaningful
block = Block
published = Published
claim-curves = Learning curves
claim-runs = Finals behind it
claim-search = How it was tuned
claim-sweep = All arms
claim-arms = Any two arms
claim-key = Grey band: differences below { $margin } do not matter. Thick: the interval that decides, at the level that many claims leave it; thin: the plain 95 % interval; dot: the mean over blocks.
fact-effect = Effect
unadjusted = 95 % alone: { $interval }
fact-interval = 95 % interval
fact-deciding = Deciding interval
fact-local = Interval for a difference
fact-equivalence = Interval for equality
fact-margin = Smallest that matters
fact-effect-size = Paired effect size
fact-won = Blocks as claimed
fact-blocks-for = Blocks as claimed
fact-blocks-against = Blocks against the claim
fact-p = p, Holm
fact-sign-flip = p, sign flips (a check)
fact-half-budget = With half the tuning
fact-half-length = With half the training
fact-splits = For these splits only
fact-new-test = For new test examples
fact-settle = Enough for any answer
settle-range = { $low } to { $high } blocks
settle-more = { $low } blocks or more
claim-trend = The gap along the axis
claim-trend-says = Mean paired gap at each level with its 95 % interval.
claim-differences = Difference in each block
claim-differences-says = Right of the grey line supports the claim. Grey: does not matter; tinted: the plain 95 % interval; dashed: the mean.
claim-pairs = Both arms in each block
claim-pairs-says = Arms of a block share split, batch order and evaluation sample, so they are compared in pairs.
blocks-axis = Difference in the claim's direction, { $unit }
blocks-gap = Gap, { $unit }
unit-ratio = as a ratio
fact-difference = Difference
blocks-title = The blocks and their runs
blocks-block = Block
blocks-runs = Finals in MLflow
blocks-says = What each block's finals came to, averaged. The numbers at the right open their runs in MLflow (served by: bakeoff mlflow).
blocks-unpublished = What each block's finals came to, averaged. No run is published to MLflow yet.
blocks-compare = Compare these runs in MLflow
blocks-final = { $arm }, final { $number }, in MLflow
claim-gates = Was the comparison good enough?
claim-gates-says = Gates look at validation and at failures, never at the test.
claim-no-gates = No gate had anything to look at.
claim-hint = What to do:{" "}
claim-change = What would change this verdict?
change-pending = { $left } blocks are still to come; a claim is decided when all are in.
change-incomplete = { $left } blocks are missing because runs failed: `bakeoff retry` runs them again; a claim is decided when all are in.
change-gate = Fixing what failed ({ $gates }) and running again: until then the verdict stays inconclusive whatever the blocks say.
change-supported = Blocks that move the mean by more than { $near } against the claim: so far is the near end of the deciding interval from 0.
change-refuted = Blocks that move the mean by more than { $near } towards the claim: so far is the near end of the deciding interval from 0.
change-no-difference = Blocks that push the interval (now within { $near } of 0) past { $margin }, the smallest difference that matters.
change-blocks = More repetitions: { $blocks } in all leave no answer open, whatever their mean. A clear mean needs fewer, though never fewer than { $least }.
change-data = More or other data: more blocks alone would not decide it.
change-levels = Levels that agree: this claim needs the same answer at each of them, which more blocks alone need not bring.
change-reference = A more certain published figure: no number of blocks would decide it against this one.
change-exploratory = Running it again with at least 6 blocks and the claim fixed beforehand: this one is a first hint.
change-margin = Another margin would be another claim: it was fixed before the run.
claim-glossary = The words on this page
term-block = Block
term-says-block = One independent repetition of the whole experiment: its own data split, its own tuning, its own initialisation.
term-final = Final
term-says-final = The run with a cell's chosen hyperparameters and fresh seeds; the only one that opens the test set.
term-margin = Smallest difference that matters
term-says-margin = Fixed before the run. A difference that surely lies inside it is called no difference that matters, even if it is real.
term-interval = 95 % interval
term-says-interval = If the whole experiment were repeated many times, 95 in 100 such intervals would hold the true mean difference.
term-deciding = Deciding interval
term-says-deciding = Wider than the plain one, because several claims are judged together and each must not be right by luck (Holm).
term-gate = Adequacy gate
term-says-gate = A check that the comparison was good enough to be judged at all. One that fails makes the verdict inconclusive.
term-effect-size = Paired effect size
term-says-effect-size = The mean difference in units of how much it varies from block to block.
term-exploratory = Exploratory
term-says-exploratory = From fewer than six blocks, or a claim that was not fixed beforehand: a hint, not an answer.
term-settle = Enough for any answer
term-says-settle = With so many blocks the intervals are too short to leave the claim open, wherever the mean lies: first if blocks vary as they seem to, then if they vary as much as so few allow. Where the mean is clear, fewer are enough; fewer than six stay a hint.
claim-levels = At each level
claim-levels-says = A claim over several levels needs all of them.
claim-source = The source beside ours
claim-source-is = Source
claim-source-says = It reports
claim-ours = Ours
claim-scope = What it holds for
claim-population = Data
claim-matched = Held equal

## Sweep

sweep-title = Sweep
sweep-says = What each arm reaches on the test set, what it costs, and how long it takes to get there: means over blocks with their 95 % interval; geometric means of times and updates.
sweep-chart = Along { $axis }
sweep-chart-says = Target for steps and time: { $target } on validation. A point is missing where no final reached it.
sweep-none = No axis
sweep-no-axis = Neither the arms nor the levels of this task lie on an axis of numbers.
sweep-test = { $measure }, test
measure-seconds-per-epoch = Seconds per epoch
measure-seconds-per-update = Seconds per update
measure-seconds = Seconds per run
measure-steps-to-target = Updates to the target
measure-seconds-to-target = Seconds to the target
axis-parameters = Parameters
sweep-matched = Against the number of parameters
sweep-equal = All arms: { $parameters } parameters
sweep-within = Grey: within { $within } % of the middle, which this task calls equal. × marks an arm outside.
sweep-exactly = This task holds the number of parameters exactly equal. × marks an arm that is off.
sweep-unmatched = This task does not hold parameters equal.
sweep-failures = Failures
sweep-failures-says = A diverged run counts against its arm; what the machine did (memory, time, crashes) is run again by `bakeoff retry`.
sweep-no-failures = Every run finished.
sweep-runs = Runs

## Search and runs

search-title = Search
search-says = How each arm was tuned. Only validation is shown here: the best of many validation values is no effect.
axis-trials = Tuning trials
axis-trial = Trial
axis-importance = Share of what made trials differ
search-budget = Best so far against the tuning budget
search-budget-says = The first n trials of a quasi-random study are the study with budget n: mean over blocks of the best value.
search-equal = Did every arm have the same budget?
search-even = Yes: { $trials } completed trials in every block of every arm.
search-uneven = Not yet: some blocks lack trials, so the campaign is incomplete there.
search-studies = Studies
search-completed = Completed trials
search-not-tuned = This arm has no hyperparameters to tune.
search-history = Every trial
search-history-says = Points: trials of all blocks. Lines: each block's best so far.
search-importance = Which hyperparameters mattered
search-importance-says = Functional ANOVA over all blocks, on ranks within each; needs at least 8 trials.
search-slices = Value against each hyperparameter
search-slices-says = All completed trials of all blocks.
search-parallel = Parallel coordinates
search-parallel-says = A line per trial; the best fifth of each block in colour.
search-rank = Rank in its block
search-best = best
search-worst = worst
search-edges = Were the ranges wide enough?
search-edges-says = Where each block's best trial lay. At one end in half of the blocks means the range is too narrow.
search-setting = Hyperparameter
search-end = End
search-end-low = low
search-end-high = high
search-bound = Bound
search-there = Blocks there
search-working = Being computed; it appears as soon as it is there.
search-crowding = Advice
search-crowded = widen the range
search-fine = fine
runs-title = Runs
runs-count = { $count } recorded, { $failed } of them not finished.
runs-all = All
runs-errors = What went wrong
choose-kind = Kind
choose-status = Status
kind-trial = Trial
kind-final = Final
kind-half-budget = Half-budget final
kind-half-length = Half-length final

## Cluster, compare, samples

cluster-title = Cluster
cluster-says = Which worker ran what, and when. Workers are processes; several may share one GPU.
cluster-axis = Seconds since the first run began
cluster-done = Recorded runs
cluster-gantt = Runs by worker
cluster-bar = { $count } runs, one after the other
cluster-gantt-says = A bar per run, colour by task; hatched: it did not finish. Where there are thousands, neighbours of one task share a bar.
cluster-rate = Runs over time
cluster-runs = Runs
cluster-whole = From first to last
cluster-workers = Workers
cluster-alone = Busy
cluster-device = Device
cluster-worker = Worker
cluster-hosts = Machines
cluster-busy = Busy, all workers
cluster-idle = Idle share
cluster-cut = The first { $shown } of { $all } workers; the table has them all.
cluster-ray = Ray dashboard ↗
now-title = Running now
now-since = Since
now-at = { $when }
now-none = Nothing is running at the moment.
now-driver = Machine of the driver
now-cpu = CPU in use
now-memory = Memory in use
log-title = Log
log-open = The last { $count } lines
compare-title = Compare campaigns
compare-says = Which verdicts and effects moved, and what was different about the runs.
compare-one = Only one campaign
compare-one-says = There is nothing to compare with yet: run another profile, another seed, or `bakeoff run --new`.
choose-with = Compare with
compare-moved = { $moved } of { $both } verdicts that both have are different.
compare-verdicts = Claim by claim
compare-changed = changed
compare-absent = not asked
compare-different = What was different
compare-different-says = Only what differs. Sources are hashes of the files that a task runs.
compare-same = Nothing: profile, code, versions, data and claims are equal.
compare-what = What
compare-name = Name
compare-profile = Profile
compare-sources = Code
compare-versions = Version
compare-data = Data
compare-claims = Claim
compare-seed = Seed
samples-title = Samples
samples-says = What finals left to look at, arms side by side, on the same examples and the same random draws.
samples-none = Nothing to look at
samples-none-says = No final of these tasks has left pictures or texts here. Translations and generated pictures do.
samples-step = Updates
samples-during = After { $step } updates
samples-numbers = { $name }: numbers
samples-together = Translations, side by side
samples-together-says = ✕: not what the reference says.
samples-score = Numbers: { $score } of the sentence, 100 at most.
samples-source = Source
samples-reference = Reference
samples-looked = Sentence { $number }: where it looked
samples-looked-says = Rows: what it said. Columns: the source, ⟩ its end. The stronger the colour, the more it looked there; mean of all heads.
file-samples = Samples of the chosen checkpoint
file-by-class = Sorted by class
file-measures = Measures beside real pictures
file-classes = Classes
file-translations = Translations
file-searches = Greedy and beam search
file-attention = Each head by itself
file-receptive-field = What one unit in the middle sees
file-answers = Answers

## Any two arms

arms-title = Two arms
arms-says = Any two arms of a task by anything that their runs recorded.
arms-exploratory = Exploratory, and never a verdict: whoever chooses a pair after seeing the results finds a difference too easily. The interval is adjusted for no other comparison. A claim that is fixed before a new campaign can be judged.
arms-claims = Fixed beforehand:
arms-one = This task has one arm only
arms-nothing = No final is recorded yet
arms-first = Arm
arms-second = Compared with
choose-metric = Metric
arms-pair = { $first } against { $second }
arms-direction = Positive where the first arm is better; arms of a block share their data, so they are compared in pairs.
arms-difference = Mean difference
arms-ahead = Blocks where it is ahead
arms-axis = How far the first arm is ahead, { $metric }
ranking-title = All arms against { $arm }
ranking-axis = How far an arm is ahead, { $metric }
ranking-says = Means over blocks, with intervals for all { $count } that hold together with 95 % confidence (Bonferroni). Beyond 0 an arm is ahead or behind, whichever of them is looked at.
arms-chart = Difference in each block
arms-chart-says = Tinted: the plain 95 % interval of the mean; dashed: the mean.
arms-blocks = Both arms in each block
arms-chosen = Chosen hyperparameters
arms-chosen-says = What the finals of each block ran with, as its own tuning study chose.
arms-untuned = Neither arm has hyperparameters.

## Verdicts in a sentence


## What tables with pages and filters say of themselves, by AG Grid's keys

grid-page = Page
grid-to = to
grid-of = of
grid-page-size-selector-label = Rows on a page:
grid-first-page = First page
grid-previous-page = Previous page
grid-next-page = Next page
grid-last-page = Last page
grid-no-rows-to-show = No rows to show
grid-loading-ooo = Loading …
grid-filter-ooo = Filter …
grid-contains = Contains
grid-not-contains = Does not contain
grid-equals = Equals
grid-not-equal = Does not equal
grid-starts-with = Begins with
grid-ends-with = Ends with
grid-blank = Blank
grid-not-blank = Not blank
grid-less-than = Less than
grid-less-than-or-equal = Less than or equal to
grid-greater-than = Greater than
grid-greater-than-or-equal = Greater than or equal to
grid-in-range = Between
grid-in-range-start = From
grid-in-range-end = To
grid-and-condition = And
grid-or-condition = Or

## Findings: several campaigns of a claim

findings-title = Findings
findings-says = Every campaign of a claim in this results folder, and what they come to together. Only campaigns under equal conditions and with seeds of their own are pooled; all are shown.
findings-judging = The campaigns are being judged; this page updates itself.
findings-none = No campaign has claims of this task.
findings-only = Only with { $conditions }
findings-campaign = Campaign
findings-verdict = Verdict
findings-effect = Effect (interval)
findings-scale = In margins
findings-blocks = Blocks
findings-note = Note
findings-seed = Seed
findings-hardware = Hardware
findings-versions = Versions
findings-together = Together
findings-campaigns = Campaigns

## Universes

universes-title = Universes
universes-says = Each claim that the profile varies, under every combination of its conditions: where it holds, and where it does not. Exploratory, and adjusted for the number of universes.
universes-none = This campaign varies no claim
universes-none-here = The campaign varies no claim of this task
universes-none-says = A profile does with a table `[[vary]]`: `claim = "deep_vs_wide/NAME"`, and below it a list for each condition, such as `optimizer = ["sgd", "adam"]`.
universes-curve = Effect in each universe
universes-curve-says = From the smallest effect to the largest, with the interval that decides. Grey: effects too small to matter. Below: the conditions of each universe.
universes-table = All universes
universes-card = Under other conditions
universes-card-says = These claims were varied: each combination of conditions, a universe, has a verdict of its own. They are exploratory.
universes-one-of = One of { $count } universes of this claim: see all
universes-varied = This claim was varied: see its { $count } universes

## Topic: one question as a page for class

topic-title = Topic
topic-ways = Other topics and the presentation
topic-present = Present
topic-leave = Leave the presentation
topic-level = Pictures: { $level }
topic-why = Why
topic-claims = What is claimed, and what we found
topic-claims-says = Effects are those of the first arm named over the other, with the interval that decides; a claim leads to all that is behind its verdict.
topic-claimed = Claim, and where it is from
topic-reported = What that reports
topic-blocks = { $count } { $count ->
    [one] block
   *[other] blocks
}
topic-limits = Limits
topic-literature = Literature
topic-behind = Data and models
topic-data = Data and sources
topic-parameters = Parameters of each arm
models-title = Models
models-says = The layers of each arm at { $level }, in the order in which data pass through them; derived from the task's file with default hyperparameters. Shapes are per example.
models-layer = Layer
models-kind = Kind
models-shape = Output
models-parameters = Parameters
models-total = { $count } parameters
quiz-begin = Predict, then reveal
quiz-leave = Show all verdicts
quiz-says = Say what you expect of each claim; then its verdict is shown.
quiz-predict = Your prediction
quiz-of = What you expect of: { $claim }
quiz-none = No prediction yet.
quiz-score = { $right } of { $of } predictions came true.
quiz-supported = It holds
quiz-no-difference = No difference
quiz-refuted = The opposite
once-title = What if you had run it once?
once-says = All { $blocks } blocks on record, drawn again with replacement: the mean of so many, and how likely each is. Orange: on the other side than the mean of all of them.
once-blocks = Blocks
once-opposite = How often fewer blocks point the other way
once-note = { $n ->
    [one] With 1 block
   *[other] With { $n } blocks
}, { $share } of experiments point the other way
once-axis = Mean effect, towards the claim
once-share = Share of draws
tree-title = What keeps each arm from doing better?
tree-says = { $measure } on the training set → on validation → on the test set, means over blocks; each arm stands at the largest gap that matters.
tree-optimisation = Does another arm with no more parameters fit the training set better?
tree-model-bias = Is the training set fitted badly?
tree-overfitting = Is the training set fitted well, and validation badly?
tree-mismatch = Is validation good, and the test set bad?
tree-leaf-optimisation = Yes: optimisation
tree-leaf-model-bias = Yes: the model's bias
tree-leaf-overfitting = Yes: overfitting
tree-leaf-mismatch = Yes: mismatched data
tree-leaf-healthy = Nothing that matters
tree-none = No arm
