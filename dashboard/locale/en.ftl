## Shell

skip = Skip to content
copy = Copy link
copied = Copied ✓
play = Play, step by step
held = { $count } new results · show
held-none = New results · show
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
overview-says = Textbook [claims](claim), each tested in [blocks](block): independent repetitions of the whole experiment. Open a question to see its claims.
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
forest-says = Effects in units of the [smallest difference that matters](margin): inside the grey band it does not, and a claim of equality holds. Thick: the [interval that decides](deciding); thin: the plain [95 % interval](interval).
forest-against = ← against the claim
forest-for-equal = against the claim →
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
matrix-title = [Cells](cell)
matrix-show = Cells of { $tasks ->
    [one] 1 task
   *[other] { $tasks } tasks
}
matrix-not-planned = not planned: no claim needs it
matrix-says = A square per [block](block): one tuning [study](study) and its [finals](final). Follow a strip to its [runs](run).
state-done = Done
state-final = Final
state-tuning = Tuning
state-failed = Failed
state-queued = Queued
status-finished = Finished
status-pruned = Pruned
status-diverged = Diverged
status-out-of-memory = Out of memory
status-timed-out = Timed out
status-crashed = Crashed
status-lost = Lost
progress-label = Progress of the campaign
progress-runs = { $done } of { $planned } runs
progress-rate = { $rate } a minute
progress-left = { $left } left
progress-in-flight = { $running } running, { $queued } queued
progress-failures = Among the runs: { $causes }.
progress-interrupted = Interrupted after { $done } of { $planned } runs: its driver ended without a record of it. `bakeoff run { $name }` resumes it.
progress-stopped = Stopped after { $done } of { $planned } runs. `bakeoff run { $name }` resumes it.
progress-incomplete = Incomplete: { $done } of { $planned } runs. `bakeoff retry` runs the failed ones again.

## Curves

curves-title = Learning curves
curves-says = [Finals](final) only. Line: mean over blocks. Band: its [95 % interval](interval). Thin: single [blocks](block). ◆: the [checkpoint](checkpoint) that was chosen.
curves-validation = { $measure } on validation
curves-train = { $measure } on training examples
curves-gap = Training minus validation
curves-axis-validation = { $measure }, validation
curves-axis-train = { $measure }, training
curves-axis-gap = Difference in { $measure }
curves-n = n = { $blocks } { $blocks ->
    [1] block
   *[other] blocks
}, up to { $finals } finals each; none left out.
curves-n1 = n = { $blocks } { $blocks ->
    [1] block
   *[other] blocks
}, one final each; none left out.
curves-checkpoint = chosen checkpoint (median of all finals)
curves-smoothed = Smoothed lines lag behind what was measured.
curves-every-arm = All arms alike
curves-difference = How far { $better } is ahead of { $worse }
curves-difference-axis = Difference in the claim's direction
curves-difference-says = Arms of a block in pairs. Line: mean over blocks; band: its 95 % interval; thin: single blocks. Grey: [too little to matter](margin); above it, in favour of the claim.
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

chart-nothing = Nothing is recorded.
chart-table = View as table
chart-enlarge = Enlarge
chart-reset = Show everything again (a double click does, too)
chart-close = Close
chart-save = Save
table-cut = The first { $shown } of { $all } rows; the files have them all.

## What charts say where the pointer is

hover-step = After { $x } updates
hover-epoch = After { $x } epochs
hover-seconds = After { $x } s of training
hover-examples = After { $x } examples
hover-trials = With { $x } trials
hover-swept = { $axis }: { $x }
hover-begun = { $x } s after the first run began
hover-mean = { $value } (95 % interval { $low } to { $high }, { $blocks } blocks)
hover-difference = Mean difference { $value }
hover-trial = Block { $block }, trial { $trial }: { $value }
hover-slice = { $value } with { $name } = { $setting } (block { $block }, trial { $trial })
hover-importance = { $name } explains { $share } of what made trials differ
hover-matched = { $arm }: { $value } with { $parameters } parameters
hover-gap = { $axis } { $x }: a gap of { $gap }
hover-lasted = took { $seconds } s
hover-recorded = { $runs } runs recorded
hover-drawn = { $share } of the draws are here

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
meaningful = [meaningful](meaningful)
block = Block
published = Published
claim-curves = Learning curves
claim-runs = Finals behind it
claim-search = How it was tuned
claim-sweep = All arms
claim-arms = Any two arms
claim-key = Grey band: differences below { $margin } do not matter. Thick: the interval that decides, at the level that many claims leave it; thin: the plain 95 % interval; dot: the mean over blocks.
claim-statistics = Statistics
fact-effect = [Effect](effect)
unadjusted = 95 % alone: { $interval }
fact-interval = [95 % interval](interval)
fact-deciding = [Deciding interval](deciding)
fact-local = [Interval for a difference](local)
fact-equivalence = [Interval for equality](equivalence)
fact-margin = [Smallest that matters](margin)
fact-effect-size = [Paired effect size](effect_size)
fact-won = [Blocks as claimed](agreeing)
fact-blocks-for = [Blocks as claimed](agreeing)
fact-blocks-against = [Blocks against the claim](agreeing)
fact-blocks-within = [Blocks within the margin](agreeing)
fact-p = [p, Holm](holm)
fact-sign-flip = [p, sign flips (a check)](sign_flip)
fact-half-budget = [With half the tuning](half_budget)
fact-half-length = [With half the training](half_length)
fact-splits = [For these splits only](splits)
fact-new-test = [For new test examples](new_test)
fact-settle = [Enough for any answer](settle)
settle-range = { $low } to { $high } blocks
settle-more = { $low } blocks or more
claim-trend = The gap along the axis
claim-trend-says = Mean paired gap at each level with its 95 % interval.
claim-differences = Difference in each block
claim-differences-says = Right of the grey line supports the claim. Grey: does not matter; tinted: the plain 95 % interval; dashed: the mean.
claim-differences-says-equal = Inside the grey band supports the claim, on either side of the line. Tinted: the plain 95 % interval; dashed: the mean.
claim-pairs = Both arms in each block
claim-pairs-says = Arms of a [block](block) share split, batch order and evaluation sample, so they are compared in pairs.
blocks-axis = Difference in the claim's direction, { $unit }
blocks-axis-equal = Difference, { $unit }
blocks-gap = Gap, { $unit }
unit-ratio = as a ratio
fact-difference = Difference
blocks-title = The blocks and their runs
blocks-block = Block
blocks-better = Better arm
blocks-worse = Worse arm
blocks-runs = Finals in MLflow
blocks-says = What each block's finals came to, averaged. The numbers at the right open their runs in MLflow (served by: bakeoff mlflow).
blocks-unpublished = What each block's finals came to, averaged. No run is published to MLflow yet.
blocks-compare = Compare these runs in MLflow
blocks-final = { $arm }, final { $number }, in MLflow
claim-gates = Was the comparison good enough?
claim-gates-says = [Gates](gate) look at [validation](validation) and at failures, never at the [test](test).
claim-no-gates = No gate had anything to look at.
claim-hint = What to do:{" "}
claim-change = What would change this verdict?
change-pending = { $left } blocks are still to come; a claim is decided when all are in.
change-incomplete = { $left } blocks are missing because runs failed: `bakeoff retry` runs them again; a claim is decided when all are in.
change-gate = Fixing what failed ({ $gates }) and running again: until then the verdict stays inconclusive whatever the blocks say.
change-supported = Blocks that move the mean by more than { $near } against the claim: so far is the near end of the deciding interval from 0.
change-refuted = Blocks that move the mean by more than { $near } towards the claim: so far is the near end of the deciding interval from 0.
change-no-difference = Blocks that push the interval (now within { $near } of 0) past { $margin }, the smallest difference that matters.
change-equal = Blocks that push the interval (now within { $far } of what is claimed) past { $margin }, the smallest difference that matters.
change-unequal = Blocks that bring the mean closer to what is claimed by more than { $near }: so far is the near end of the deciding interval from the smallest difference that matters.
change-blocks = More repetitions: { $blocks } in all leave no answer open, whatever their mean. A clear mean needs fewer, though never fewer than { $least }.
change-data = More or other data: more blocks alone would not decide it.
change-levels = Levels that agree: this claim needs the same answer at each of them, which more blocks alone need not bring.
change-reference = A more certain published figure: no number of blocks would decide it against this one.
change-exploratory = Running it again with at least 6 blocks and a pre-specified claim: this one is a first hint.
change-margin = Another margin would be another claim: it was declared before the run.
claim-levels = At each level
claim-levels-says = A claim over several [levels](level) needs all of them.
claim-source = The source beside ours
claim-source-is = Source
claim-source-says = It reports
claim-ours = Ours
claim-scope = What it holds for
claim-population = Data
claim-matched = [Held equal](matched)
code-title = The claim in code
code-lines = { $file }, lines { $first } to { $last }, as installed here
code-whole = The claim in code: { $file }
code-show = Show the code
code-file = The whole file
code-changed = The task's code has changed since this campaign: it is shown as it is now.

## Sweep

sweep-title = Sweep
sweep-says = What each [arm](arm) reaches on the [test set](test), what it costs, and how long it takes to get there: means over blocks with their 95 % interval; geometric means of times and [updates](update).
sweep-chart = Along { $axis }
sweep-chart-says = [Target](target) for steps and time: { $target } on validation. A point is missing where no final reached it.
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
sweep-costs = Runs and their cost
sweep-costs-says = All runs of an arm, [trials](trial) and [finals](final): what the whole comparison cost, not one training.
sweep-cpu = CPU time
sweep-cpu-share = Share of the task's
sweep-cpu-per-run = CPU time per run
sweep-failures = Failures
sweep-failures-says = A diverged run counts against its arm; what the machine did (memory, time, crashes) is run again by `bakeoff retry`.
sweep-no-failures = Every run finished.
sweep-runs = Runs

## Search and runs

search-title = Search
search-says = How each [arm](arm) was tuned. Only [validation](validation) is shown here: the best of many validation values is no effect.
axis-trials = Tuning trials
axis-trial = Trial
axis-importance = Share of what made trials differ
search-budget = Best so far against the tuning budget
search-budget-says = The first n [trials](trial) of a quasi-random [study](study) are the study with budget n: mean over blocks of the best value.
search-equal = Did every arm have the same budget?
search-even = Yes: { $trials } completed trials in every block of every arm.
search-uneven = Not yet: some blocks lack trials, so the campaign is incomplete there.
search-studies = Studies
search-completed = Completed trials
search-nothing = Nothing was tuned
search-nothing-says = No arm of this task has hyperparameters to search.
search-not-tuned = This arm has no hyperparameters to tune.
search-history = Every trial
search-history-says = Points: trials of all blocks. Lines: each block's best so far.
search-importance = Which hyperparameters mattered
search-importance-says = [Functional ANOVA](importance) over all blocks, on ranks within each; needs at least 8 trials.
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
runs-count = { $count } [recorded](run), { $failed } of them not finished.
runs-columns = Columns
runs-columns-all = All columns
runs-cut = { $rows } of { $allrows } runs and { $columns } of { $allcolumns } columns; the files have them all.
runs-all = All
runs-mlflow = MLflow
runs-number = Number
runs-errors = What went wrong
choose-kind = Kind
choose-status = Status
kind-trial = Trial
kind-round = Round of a trial
kind-final = Final
kind-half-budget = Half-budget final
kind-half-length = Half-length final

## Cluster, compare, samples

cluster-title = Cluster
cluster-says = Which [worker](worker) ran what, and when. Workers are processes; several may share one GPU.
cluster-axis = Seconds since the first run began
cluster-done = Recorded runs
cluster-gantt = Runs by worker
cluster-bar = { $count } runs, one after the other
cluster-gantt-says = A bar per run, colour by task; hatched: it did not finish; striped, below the workers: it runs now. Where there are thousands, neighbours of one task share a bar.
cluster-now = Running { $number }
cluster-runs-now = runs now
cluster-rate = Runs over time
cluster-runs = Runs
cluster-whole = From first to last
cluster-workers = Workers
cluster-alone = Busy
cluster-device = Device
cluster-worker = Worker
cluster-hosts = Machines
cluster-busy = Busy, all workers
cluster-idle = [Idle share](idle)
cluster-cut = The first { $shown } of { $all } workers; the table has them all.
cluster-ray = Ray dashboard ↗
now-title = Running now
now-since = Since
now-at = { $when }
now-none = Nothing is running at the moment.
now-driver = Machine of the [driver](driver)
now-cpu = CPU in use
now-memory = Memory in use
now-machines = Load of the machines
now-machine = Machine
now-gpus = GPUs: memory, and share of the time they compute
now-measured = When its last run ended
now-load = Load of the workers
now-worker-cpu = CPU (100 % is one core)
stall-driver = The driver has written nothing since { $when }, although it does so every second.
stall-driver-do = Its process is still there: it was suspended, or waits for memory or for the disk. See what the machine is short of, and the log on the page of the cluster. If it stays so, end that process; `bakeoff run { $name }` resumes, and what is recorded is kept.
stall-runs = No run has ended since { $when }; the longest pause before was { $usual }.
stall-runs-do = See what runs now on the page of the cluster, and whether its worker is busy: one that uses no CPU hangs. `bakeoff cancel` stops the campaign, `bakeoff run { $name }` resumes it, and what is recorded is kept.
log-title = Log
log-open = The last { $count } lines
compare-title = Compare campaigns
compare-says = Which [verdicts](verdict) and effects moved, and what was different about the runs.
compare-one = Only one campaign
compare-one-says = There is nothing to compare with yet: run another profile, another seed, or `bakeoff run --new`.
choose-with = Compare with
compare-moved = { $moved } of { $both } verdicts that both have are different.
compare-none-shared = No claim is tested by both campaigns.
compare-verdicts = Claim by claim
compare-claims-of = { $claims ->
    [one] 1 claim
   *[other] { $claims } claims
}
compare-changed = changed
compare-changed-of = { $changed } changed
compare-only = Claims that one campaign tests
compare-only-of = { $claims ->
    [one] 1 claim
   *[other] { $claims } claims
} of { $name } alone
compare-different = What was different
compare-different-says = Only what differs, in the tasks that both have. Sources are hashes of the files that a task runs.
compare-tasks-only = { $name } alone has { $count ->
    [one] 1 task
   *[other] { $count } tasks
}: { $tasks }.
compare-part = { $part }: { $count ->
    [one] 1 difference
   *[other] { $count } differences
}
compare-same = Nothing: profile, code, versions, data and claims are equal.
compare-name = Name
compare-profile = Profile
compare-sources = Code
compare-versions = Versions
compare-data = Data
compare-claims = Claims
samples-title = Samples
samples-says = What [finals](final) left to look at, [arms](arm) side by side, on the same examples and the same random draws.
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
arms-says = Any two [arms](arm) of a [task](task) by anything that their runs recorded.
arms-exploratory = [Exploratory](exploratory), and never a verdict: whoever chooses a pair after seeing the results finds a difference too easily. The interval is adjusted for no other comparison. A claim that is pre-specified for a new campaign can be judged.
arms-claims = Pre-specified:
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
ranking-says = Means over blocks, with intervals for all { $count } that [hold together](simultaneous) with 95 % confidence (Bonferroni). Beyond 0 an arm is ahead or behind, whichever of them is looked at.
arms-chart = Difference in each block
arms-chart-says = Tinted: the plain 95 % interval of the mean; dashed: the mean.
arms-blocks = Both arms in each block
arms-chosen = Chosen [hyperparameters](hyperparameter)
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
findings-says = Every [campaign](campaign) of a claim in this results folder, and what they come to together. Only campaigns under equal conditions and with [seeds](seed) of their own are pooled; all are shown.
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
universes-says = Each claim that the [profile](profile) varies, under every [combination of its conditions](universe): where it holds, and where it does not. Exploratory, and adjusted for the number of universes.
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
topic-claims-says = Effects are those of the first [arm](arm) named over the other, with the [interval that decides](deciding); a claim leads to all that is behind its verdict.
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
topic-code = The task's code
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
tree-leaf-optimisation = Yes: [optimisation](optimisation)
tree-leaf-model-bias = Yes: [the model's bias](model_bias)
tree-leaf-overfitting = Yes: [overfitting](overfitting)
tree-leaf-mismatch = Yes: [mismatched data](mismatch)
tree-leaf-healthy = Nothing that matters
tree-none = No arm

## Glossary

glossary-title = Glossary
glossary-says = What the words on these pages mean. Wherever one of them is underlined with dots, its meaning is a pointer or a Tab away.
glossary-design = The plan of an experiment
glossary-answers = Answers and how sure they are
glossary-training = Training
glossary-operation = Operation
term-task = Task
term-says-task = A question with everything that an experiment on it needs: data, arms, levels, a procedure of training, and claims.
term-claim = Claim
term-says-claim = A statement that results can contradict, declared before the run together with the smallest difference that matters to it.
term-arm = Arm
term-says-arm = One of the alternatives that a task compares, such as a network of eight layers against one of three.
term-level = Level
term-says-level = One setting under which all arms of a task are compared, such as a data set or an equal number of epochs.
term-block = Block
term-says-block = One independent repetition of the whole experiment: its own data split, its own tuning, its own initialisation.
term-cell = Cell
term-says-cell = One arm at one level in one block: a tuning study and its finals.
term-study = Study
term-says-study = The search for a cell's hyperparameters: a number of trials, of which the best on validation is chosen.
term-trial = Trial
term-says-trial = A run with hyperparameters that the search proposes, judged on validation. It never sees the test set.
term-hyperparameter = Hyperparameter
term-says-hyperparameter = What is fixed before a run rather than learned in it, such as the learning rate.
term-final = Final
term-says-final = The run with a cell's chosen hyperparameters and fresh seeds; the only one that opens the test set.
term-run = Run
term-says-run = One execution of a training: a trial or a final.
term-campaign = Campaign
term-says-campaign = All runs of one profile, with one seed and the claims as they were declared before it.
term-profile = Profile
term-says-profile = The plan of a campaign: its tasks, levels, blocks, trials and finals. `bakeoff describe profile` lists its keys.
term-seed = Seed
term-says-seed = The number that all of a campaign's chance follows from. Campaigns with other seeds are independent of it.
term-matched = Held equal
term-says-matched = What both arms of a comparison have alike, such as the number of parameters or of updates, so that it does not explain the difference.
term-universe = Universe
term-says-universe = One combination of the conditions under which a profile varies a claim, such as an optimiser and a data set.
term-verdict = Verdict
term-says-verdict = Supported, refuted, no difference that matters, or inconclusive: what the deciding interval says of a claim once all its blocks are in. Until then it is pending, or incomplete if the campaign ended without them.
term-effect = Effect
term-says-effect = The mean over blocks of the difference that a claim is about, in its direction: above 0 it speaks for the claim.
term-margin = Smallest difference that matters
term-says-margin = Declared before the run. A difference that surely lies inside it is called no difference that matters, even if it is real.
term-meaningful = Meaningful
term-says-meaningful = The effect is beyond the smallest difference that matters with certainty, rather than merely beyond 0.
term-interval = 95 % interval
term-says-interval = If the whole experiment were repeated many times, 95 in 100 such intervals would hold the true mean difference.
term-deciding = Deciding interval
term-says-deciding = Wider than the plain one, because several claims are judged together and each must not be right by luck (Holm).
term-local = Interval for a difference
term-says-local = Decides whether there is a difference at all: supported where it lies above 0, refuted where it lies below. It is adjusted for the claims that are judged together.
term-equivalence = Interval for equality
term-says-equivalence = Decides whether there is no difference that matters: it has to lie within the margin on both sides of 0.
term-holm = p, Holm
term-says-holm = How often chance alone would make a difference as large, adjusted by Holm's method for the number of claims that are judged together.
term-sign-flip = p, sign flips
term-says-sign-flip = The same without assuming a normal distribution: the share of all ways to flip the signs of the blocks' differences that give a mean as large.
term-simultaneous = Simultaneous intervals
term-says-simultaneous = Intervals that hold all together with 95 % confidence, so that one may look for the largest. They are wider than single ones (Bonferroni).
term-effect-size = Paired effect size
term-says-effect-size = The mean difference in units of how much it varies from block to block.
term-agreeing = Blocks as claimed
term-says-agreeing = In how many blocks the difference has the claimed direction; of a claim of equality, in how many it is smaller than what matters.
term-gate = Adequacy gate
term-says-gate = A check that the comparison was good enough to be judged at all. One that fails makes the verdict inconclusive.
term-exploratory = Exploratory
term-says-exploratory = From fewer than six blocks, or of a claim that was not pre-specified: a hint, not an answer.
term-confirmatory = Confirmatory
term-says-confirmatory = From six blocks or more, of a pre-specified claim: one that was declared before the run.
term-half-budget = Half the tuning
term-says-half-budget = What the answer would be with the hyperparameters that half of the trials would have chosen. Where it differs, more tuning may move it, too.
term-half-length = Half the training
term-says-half-length = What the answer would be with half of the updates. Where it differs, longer training may move it, too.
term-splits = For these splits only
term-says-splits = The interval if the data had to be split just as they were here: narrower, because it leaves out how much the split matters.
term-new-test = For new test examples
term-says-new-test = The interval for other test examples from the same source, where all blocks share one test set: wider than for just these.
term-settle = Enough for any answer
term-says-settle = With so many blocks the intervals are too short to leave the claim open, wherever the mean lies: first if blocks vary as they seem to, then if they vary as much as so few allow. Where the mean is clear, fewer are enough; fewer than six stay a hint.
term-validation = Validation
term-says-validation = Examples that no run learns from, by which hyperparameters and checkpoints are chosen. The test set plays no part in that.
term-test = Test set
term-says-test = Examples that only finals open, once, and that no choice depends on.
term-update = Update
term-says-update = One step of the optimiser on one batch. An epoch is as many updates as it takes to see all training examples once.
term-checkpoint = Checkpoint
term-says-checkpoint = The state of a model during training. A final is judged by the one that was best on validation.
term-target = Target
term-says-target = A value on validation. How many updates, or seconds, it takes to reach it says how fast an arm learns.
term-importance = Importance
term-says-importance = Which share of the differences between trials a hyperparameter explains (functional ANOVA).
term-optimisation = Optimisation
term-says-optimisation = The training set is fitted worse than another arm with no more parameters fits it: the model could do better, and its training does not find how.
term-model-bias = Model bias
term-says-model-bias = The training set is fitted badly, and no smaller arm does better: the model may be too simple.
term-overfitting = Overfitting
term-says-overfitting = The training set is fitted well and validation badly: what was learned does not carry over to other examples.
term-mismatch = Mismatched data
term-says-mismatch = Validation is good and the test set bad: the two come from different sources.
term-driver = Driver
term-says-driver = The process that plans a campaign, hands runs to workers and records what they return.
term-worker = Worker
term-says-worker = A process that executes one run at a time. Several may share a machine or a GPU.
term-idle = Idle share
term-says-idle = The share of the time from the campaign's first run to its last in which a worker ran nothing.
