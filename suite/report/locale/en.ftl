# What verdicts, gates and notes say. One message per code; zh.ftl has the same codes.
# How the values are written: suite/verdicts/message.py and suite/report/sentences.py.

### Small words

level-all = all
comma = ,{ " " }
semicolon = ;{ " " }
two-sentences = { $first } { $second }
full-stop = { $text }.
the-axis = the axis
pair = { $first } and { $last }
at-level = { " " }at { $level }
for-pair = { " " }for { $pair }
repetitions = { $count ->
    [one] 1 repetition
   *[other] { $count } repetitions
}

## Answers

answer-supported = supported
answer-refuted = refuted
answer-no-difference = no difference that matters
answer-inconclusive = inconclusive
answer-at-level = { $answer } at { $level }
answer-for-pair = { $answer } for { $level }
answer-for-claim = { $answer } for '{ $claim }'

## The answer to a task's question, from its claims

question-answer = { $lead }: { $counts }.
question-not-so = { " " }Not so: "{ $claim }"
question-not-different = { " " }No difference: "{ $claim }"
question-matching = It depends on the matching: { $matchings }. { $counts }.
question-matched-yes = yes ({ $level }, { $effect })
question-matched-no = no ({ $level }, { $effect })
question-matched-equal = no difference that matters ({ $level }, { $effect })
question-matched-open = open ({ $level })
question-yes = Yes
question-no = No
question-as-claimed = As claimed
question-not-as-claimed = Not as claimed
question-equal = No difference that matters
question-depends = It depends
question-open = Open
question-so-far = { $lead } so far
question-held = { $held } of { $total } { $form ->
    [one] claim
   *[other] claims
} held
question-failed = { $count } failed
question-no-difference = { $count } without a difference that matters
question-undecided = { $count } open
question-exploratory = { $count } exploratory

## Amounts and sides

amount-plain = { $number }
amount-in-unit = { $number } { $unit }
unit-points = points
amount-points = { $number } { $form ->
    [one] point
   *[other] points
}
amount-ratio = { $number } times
effect-plain = { $number }
effect-points = { $number } points
per-doubling = { $amount } per doubling
likely = (likely between { $low } and { $high })
no-chance = (with no chance in it)
arm-at-level = { $arm } at { $level }
side-bound = the bound
side-published = the published { $number }

## Metrics that every run records

metric-train = training { $measure }
metric-validation = validation { $measure }
metric-gap = generalisation gap in { $measure }
metric-seconds = seconds
metric-cpu-seconds = CPU seconds
metric-seconds-per-update = seconds per update
metric-seconds-per-epoch = seconds per epoch
metric-steps = updates
metric-stage-steps = updates before its own training
metric-stage-cpu-seconds = CPU seconds before its own training
metric-epochs = epochs
metric-parameters = parameters
metric-diagnosed = diagnosis “{ $cause }”
metric-updates-to = updates to { $amount } { $measure }
metric-steps-to-target = updates to the target
metric-seconds-to-target = seconds to the target
metric-throughput = { $unit } per second

## What lies on either side of 0

directions-ahead-left = { $behind } ahead
directions-ahead-right = { $ahead } ahead
directions-trend-left = { $ahead } falls back
directions-trend-right = { $ahead } gains
directions-power-law-left = a smaller exponent
directions-power-law-right = a larger exponent
directions-threshold-left = short of { $behind }
directions-threshold-right = beyond { $behind }
directions-always-left = beyond the bound
directions-always-right = within the bound
directions-promised-left = less than claimed
directions-promised-right = more than claimed

## What a claim says, by its kind

asks-difference = { $ahead } beats { $behind }
asks-difference-promised = { $ahead } beats { $behind } by at least { $promised }
asks-equal = { $ahead } and { $behind } differ by less than what matters
asks-no-worse = { $ahead } is no worse than { $behind } by { $margin } or more
asks-no-worse-reference = { $ahead } reaches { $reference }, or falls short of it by less than { $margin }
asks-partial-conjunction = { $ahead } beats { $behind } on at least { $needed } of { $levels } levels
asks-partial-conjunction-promised = { $ahead } beats { $behind } by at least { $promised } on at least { $needed } of { $levels } levels
asks-power-law = the { $measure } of { $ahead } goes as { $axis } to the power { $exponent } (± { $exponent_margin })
asks-always = { $ahead } always keeps to { $bounds }
asks-contrast = { $sum } is above 0
asks-interaction-promised = the lead of { $ahead } over { $behind } grows by at least { $promised } along { $axis }
asks-interaction = the lead of { $ahead } over { $behind } grows along { $axis }
asks-ranking = the order is { $order }
asks-threshold = { $ahead } reaches { $reference }

## The size of an effect

gap-points = { $ahead } was ahead of { $behind } by { $amount } in { $measure } { $likely }
gap-log-error = { $more } made { $amount } as many errors as { $less } { $likely }
gap-log-ratio = { $more } had { $amount } the { $measure } of { $less } { $likely }
trend-points = with each doubling of { $axis }, { $ahead } gains on { $behind } by { $amount } in { $measure } { $likely }
trend-points-falling = with each doubling of { $axis }, { $ahead } loses ground to { $behind } by { $amount } in { $measure } { $likely }
trend-log-error = with each doubling of { $axis }, the errors of { $more } relative to { $less } become { $amount } what they were { $likely }
trend-log-ratio = with each doubling of { $axis }, the { $measure } of { $more } relative to { $less } become { $amount } what they were { $likely }
power-law = the { $measure } of { $ahead } goes as { $axis } to the power { $amount } { $likely }
weakest = { $fact } at { $level }, where it is weakest
weakest-of-needed = { $fact } at { $level }, the weakest of the { $needed } levels out of { $levels } that the claim needs
promised = { $fact }, where at least { $amount } were claimed
won-as-claimed = { $fact }; it was as claimed in { $won } of { $repetitions }
won-so = { $fact }; it was so in { $won } of { $repetitions }
within-margin = { $ahead } and { $behind } differ by less than { $margin } in { $measure } { $likely }
real = { $fact }; the small difference is real

## Whole answers

first-hint = A first hint, from { $repetitions } only. { $sentence }
said-supported = Yes: { $found }. { $worth }
said-ranking = Yes, in this order: { $order }. Closest are two neighbours: { $found }. { $worth }
said-refuted = No: { $found }. { $worth }
said-opposite = No, rather the opposite: { $found }. { $worth }
said-equal = Yes, they are as good as equal: { $fact }.
said-no-worse = Yes, no worse: { $fact }, where falling behind by { $margin } would matter.
said-power-law = Yes: { $fact }, within { $margin } of the { $claimed } that is claimed.
said-no-power-law = No: { $fact }, further than { $margin } from the { $claimed } that is claimed.
said-always = Yes, in all { $count ->
    [one] 1 instance
   *[other] { $count } instances
} { $fact }; { $worst }. Were there exceptions by chance, they would be at most { $most } of instances.
said-not-always = No, { $against } of { $count ->
    [one] 1 instance is a counterexample
   *[other] { $count } { $against ->
        [one] instances is a counterexample
       *[other] instances are counterexamples
    }
} to this: { $fact }; { $worst }.
measure-of = the { $measure } of { $arm }
measure-above = the { $measure } of { $ahead } less that of { $behind }
bound-lower = { $measured } is at least { $low }
bound-upper = { $measured } is at most { $high }
bound-between = { $measured } is between { $low } and { $high }
bound-equal = { $measured } is equal to { $equal } within { $tolerance }
worst-inside = the worst instance was { $amount } inside that
worst-beyond = the worst instance was { $amount } beyond that
worst-deviation = the largest deviation was { $amount }
said-no-difference = No difference that matters: { $fact }.
said-equal-to-promised = Yes, as good as equal to the { $amount } claimed: { $fact }.
said-no-difference-to-promised = No difference that matters from the { $amount } claimed: { $fact }.
worth-more = That is more than the { $margin } that { $form ->
    [points] matter
   *[other] matters
}, even at the cautious end.
worth-unsure = Whether that is more than the { $margin } that { $form ->
    [points] matter
   *[other] matters
} is not certain.

## Open

said-gate = This comparison cannot be judged as it stands. { $seen } { $hint }
said-gate-otherwise = This comparison cannot be judged as it stands. { $seen } { $hint } Without that, the answer would be: { $answer }.
said-too-few-blocks = Inconclusive: { $repetitions } cannot show how much results vary by chance.
said-no-spread = Inconclusive: every repetition gave exactly the same difference, so chance cannot be judged.
said-instances-disagree = Inconclusive: repetitions contradict each other, and there is no chance in them.
said-levels-disagree = Inconclusive as a whole, because levels disagree: { $answers }.
said-pairs-disagree = Inconclusive as a whole, because pairs disagree: { $answers }.
said-open = Inconclusive: { $range }. { $remedy }
said-unfinished = Not finished: { $done } of { $repetitions } are in.
said-unfinished-so-far = Not finished: { $done } of { $repetitions } are in. So far { $range }.
range-nothing = repetitions differ so much from each other that nothing can be said of them together
range-power-law = the exponent may lie anywhere between { $low } and { $high }
range-trend = the trend may go either way: { $fact }
range-log-error = the errors of { $more } may be anywhere between { $low } and { $high } times those of { $less }
range-log-ratio = the { $measure } of { $more } may be anywhere between { $low } and { $high } times those of { $less }
range-around = { $ahead } may be anywhere from { $low } behind { $behind } to { $high } ahead in { $measure }
range-ahead = { $ahead } may be ahead of { $behind } by anything between { $low } and { $high } in { $measure }
range-behind = { $ahead } may be behind { $behind } by anything between { $low } and { $high } in { $measure }
remedy-more = It takes more repetitions, { $least } at the least.
remedy-reference = No number of repetitions would decide it, because the published figure is itself too uncertain.
remedy-data = More repetitions would not decide it: more data would.
remedy-blocks = At most about { $repetitions } would decide it.
remedy-as-seen = If the difference stays as it is, about { $repetitions } would decide it.
remedy-blocks-cautious = At most about { $repetitions } would decide it, or { $cautious } if results vary more than they seem to.

## What data a verdict holds for

population-fresh = Holds for new data from the same source: every repetition drew its own.
population-resplit = Holds for new data like these: every repetition split the same examples again, and the interval is wider for that, because repetitions share examples.
population-official = Holds for this one test set, which all repetitions share, and not for new test examples.
population-unknown = Which data this holds for is not recorded yet.
population-mixed = The repetitions came by their data in different ways.
population-at-level = { $level }: { $text }

## What else must be known

note-incomplete = Incomplete: { $blocks } of { $due } blocks.
note-no-logarithm = { $blocks } of { $due } blocks count: in { $count } a value is 0 or below, which has no ratio to another. More runs do not change that; a claim on points would count them.
note-looks = Looked at { $blocks } of at most { $most } blocks; the next look is at { $next }.
note-few-blocks = Exploratory: fewer than { $least } blocks are a first hint only.
note-known-before = Exploratory: campaign { $campaign } had opened the test set of the same blocks when this claim was written. Run it with another `root_seed`.
note-edited = Exploratory: edited since this campaign: { $changes }.
note-universe = Exploratory: one of { $count } universes of this claim, and adjusted for their number.
note-gone = Exploratory: the task no longer makes this claim.
note-tampered = Exploratory: the claims in campaign.json are not those declared before the run.
note-attempt = Campaign { $attempt } of this claim.
note-half-budget = With half of the tuning the answer would be: { $answer }.
note-half-length = With half of the training the answer would be: { $answer }.
note-other-length = The claim is about a fixed budget of training, which the profile changes.
note-negligible = Real but negligible: there is a difference, and it is smaller than the margin.
note-deciding-pair = The numbers are those of { $level }, the pair of neighbours that decides.
note-places = Places, all of which hold together with { $percent_confidence } confidence: { $places }.
note-place = { $arm } { $place }
note-place-between = { $arm } { $first } to { $last }
note-ties = Tied, which is to say less than { $margin } apart: { $ties }.
note-tie = { $arm } and { $arm_other }
note-deciding-level = The numbers are those at { $level }, the level that decides.
note-crossing = The two are level at { $number_at } on { $axis } (likely between { $number_low } and { $number_high }).
note-crossing-not-located = Where the two are level cannot be located on { $axis }.
note-spread = Of a single run's effect, { $margin_seed } vary with the seed and { $margin_rest } with tuning and data (standard deviations, from { $finals } finals a cell): { $helps ->
    [finals] more finals would narrow the interval most.
   *[trials] more trials and blocks would narrow the interval most.
    }
note-spread-seed = Of a single run's effect, { $margin_seed } vary with the seed (standard deviation, from { $finals } finals a cell); what varies with tuning and data cannot be told from 0.
note-crossing-beyond = The two would be level beyond the range of { $axis } studied.
note-code-changed = The task's code has changed since: this is about the code as it was.
note-target-not-reached = { $missed } of { $finals } finals did not reach the target: they count as one update more than they had.
note-matching = Depends on the matching: { $answers }.
change = { $name } was { $then } and is { $now }

## How the arms trained

diagnosis-blocks = { $agreeing } of { $blocks } blocks alone say the same.
cause-optimisation = optimisation
cause-overfitting = overfitting
cause-mismatch = mismatch
cause-model-bias = model bias
cause-healthy = healthy
diagnosis-optimisation = { $arm } reaches { $value_train } on its training set, where { $arm_rival } with no more parameters reaches { $value_rival }: this is optimisation, not generalisation
diagnosis-overfitting = { $arm } reaches { $value_train } on its training set and { $value_validation } on validation: overfitting
diagnosis-mismatch = { $arm } reaches { $value_validation } on validation and { $value_test } on the test set: the two sets differ
diagnosis-model-bias = { $arm } reaches { $value_train } on its training set ({ $value_validation } on validation), and no arm with as few parameters reaches more: the model's bias, not the number of examples
diagnosis-healthy = { $arm } reaches { $value_train } on its training set, { $value_validation } on validation and { $value_test } on the test set: no gap that matters

## Claims that no number of blocks decides, and what to change

undecidable-reference = The published figure's own error keeps the interval at ±{ $margin_floor } or more, which does not fit into the margin of { $margin }: give the claim a margin above { $margin_floor }, or compare with a figure known more exactly.
undecidable-overlap = Blocks share data ({ $percent } % as many test as training examples), which keeps the interval at ±{ $margin_floor } or more, wider than the margin of { $margin }: test on a smaller share or on fresh data in each block, or give the claim a margin above { $margin_floor }.
undecidable-resolution = The margin of { $margin } is less than two of the { $examples } test examples: test on at least { $needed }, or give the claim a margin of at least { $margin_needed }.
undecidable-blocks = With { $blocks } blocks and { $claims ->
    [one] 1 claim
   *[other] { $claims } claims
} an effect counts only from |t| = { $number_t }: plan at least { $confirmatory } blocks, or fewer claims.
undecidable-one-block = One block shows no spread, so nothing can be told from chance: plan at least { $confirmatory } blocks.

## Gates: the name where it failed, the name and the finding where it passed, what to do

gate-not-asked = { $gate }? – not asked
gate-failed-trials = Many trials failed
gate-failed-trials-passed = Trials succeeded
gate-failed-trials-fine = Enough tuning trials of every arm succeeded.
gate-failed-trials-hint = Where they diverged, lower the top of the learning rate's range or clip gradients; where the machine failed them, give more memory or time and use `bakeoff retry`.
seen-failed-trials = { $failed } of the { $trials } tuning trials of { $arm } failed ({ $causes })
cause = { $count } { $status }
status-pruned = pruned
status-diverged = diverged
status-out-of-memory = out of memory
status-timed-out = timed out
status-crashed = crashed
status-lost = lost

gate-parameters = Parameters not matched
gate-parameters-passed = Parameters matched
gate-parameters-fine = The arms have equally many parameters.
gate-parameters-hint = Choose widths that match, or say in the task that parameters are not matched.
seen-parameters = { $arm_most } has { $most } parameters{ $at_level } and { $arm_least } { $least }: { $percent_excess } apart where { $percent_allowed } are allowed

gate-machines = Different machines
gate-machines-passed = Same machine
gate-machines-fine = Within each block the arms were timed on the same machine.
gate-machines-hint = Time arms side by side on one machine: run this task with one node.
seen-machines = the arms of { $blocks ->
    [one] 1 block
   *[other] { $blocks } blocks
} ran on different machines or devices

gate-range-edge = Best rate at the end of its range
gate-range-edge-passed = Learning rates inside their range
gate-range-edge-fine = No learning rate kept to one end of its range.
gate-range-edge-hint = Widen that range beyond this end in the task's space and run again.
seen-range-edge-high = the best { $name } of { $arm }{ $at_level } lay in the highest tenth of its range (near { $number_bound }) in { $near_bound } of { $blocks } blocks, which chance does in { $percent_chance } of campaigns with { $trials } trials
seen-range-edge-low = the best { $name } of { $arm }{ $at_level } lay in the lowest tenth of its range (near { $number_bound }) in { $near_bound } of { $blocks } blocks, which chance does in { $percent_chance } of campaigns with { $trials } trials

gate-not-a-power = No single exponent
gate-not-a-power-passed = One exponent along the whole axis
gate-not-a-power-fine = The exponent over the upper half of the axis is that over the lower half, up to the margin or to chance.
gate-not-a-power-hint = Claim an exponent over fewer levels, or another law: along this axis it is no power.
seen-not-a-power = the exponent changes by { $number_change } from the lower to the upper half of the axis
gate-still-improving = Still improving
gate-still-improving-passed = Converged when training ended
gate-still-improving-fine = When training ended, nothing was moving that could change the answer.
gate-still-improving-hint = Train longer: raise `length_factor` in the profile, or the recipe's steps or epochs.
seen-fixed-budget = the claim is about what this much training buys, finished or not
seen-pruned = trials were pruned against each other, so half of them would be another search
seen-rate-falls = under a learning rate that falls towards the end every curve flattens, finished or not; `half_length = true` in the profile tells more
seen-effect-moving = the difference{ $at_level } was still moving: over the last quarter of training it changed on validation by { $change }
seen-arm-improving = { $arm }{ $at_level } kept improving to the end: by { $gain } on validation over the last quarter of training

gate-tuning-budget = Depends on the tuning budget
gate-tuning-budget-passed = Half the tuning does not reverse it
gate-tuning-budget-fine = Half of the tuning trials would have put the same arm ahead.
gate-tuning-budget-hint = Give every arm more trials: raise `trials` in the profile.
seen-tuning-budget = with half of the tuning trials the answer{ $at_level } reverses: the difference on validation is { $effect_half } with { $half } of { $trials } trials and { $effect_full } with all
seen-tuning-budget-promised = with half of the tuning trials the answer{ $at_level } reverses: the difference on validation is { $effect_half } with { $half } of { $trials } trials and { $effect_full } with all, where { $margin_promised } is claimed
seen-half-budget-same = with half of the tuning ({ $half } of { $trials } trials) the answer would be the same
seen-half-budget-other = with half of the tuning ({ $half } of { $trials } trials) the answer would be: { $answer }

gate-moving-in-search = Still moving with the number of trials
gate-moving-in-search-passed = Steady over the trials
gate-moving-in-search-fine = On validation, half of the trials would on average have given the same effect, to within the margin or to within chance.
gate-moving-in-search-hint = Give every arm more trials (raise `trials` in the profile), or tune fewer hyperparameters.
seen-moving-in-search = on validation the effect{ $at_level } still moves with the number of trials: { $effect_half } with { $half } of { $trials } trials, on average over such halves, and { $effect_full } with all, a change of { $change }: { $recommended } trials should be enough
gate-moving-with-tuning = Still moving with the tuning budget
gate-moving-with-tuning-passed = Steady under more tuning
gate-moving-with-tuning-fine = The second half of the tuning trials moved the effect by no more than the margin, or by no more than chance does.
gate-moving-with-tuning-hint = Give every arm more trials (raise `trials` in the profile), or tune fewer hyperparameters.
seen-moving-with-tuning = the effect{ $at_level } still moves with the tuning budget: { $effect_half } with { $half } of { $trials } trials and { $effect_full } with all, a change of { $change }: { $recommended } trials should be enough

gate-training-length = Depends on the training length
gate-training-length-passed = Half the training does not reverse it
gate-training-length-fine = With half of the training the answer would be the same.
gate-training-length-hint = Train longer: raise `length_factor` in the profile, or say in the claim that it is about a fixed budget.
seen-half-length-same = with half of the training the answer would be the same
seen-half-length-other = with half of the training the answer would be: { $answer }
gate-moving-with-length = Still moving with the training length
gate-moving-with-length-passed = Steady under longer training
gate-moving-with-length-fine = The second half of the training moved the effect by no more than the margin, or by no more than chance does.
gate-moving-with-length-hint = Train longer: raise `length_factor` in the profile, or say in the claim that it is about a fixed budget.
seen-moving-with-length = the effect{ $at_level } still moves with the training length: { $effect_half } with half of the training and { $effect_full } with all, a change of { $change }

gate-too-easy = Too easy to tell
gate-too-easy-passed = Room to tell arms apart
gate-too-easy-fine = The task leaves room for a difference to show.
gate-too-easy-hint = Make the task harder (less data, more noise) or the test set larger.
seen-few-errors = every arm{ $at_level } is wrong on fewer than { $errors } of { $examples } examples
seen-fine-margin = the margin of { $margin } is less than { $least } of the { $examples } test examples

gate-hinges-on-failures = Hinges on failures
gate-hinges-on-failures-passed = Same without failed finals
gate-hinges-on-failures-fine = The answer is the same without the finals that failed.
gate-hinges-on-failures-hint = Look at the failed finals first: `bakeoff status` lists them.
seen-failures-same = { $count } { $count ->
    [one] final
   *[other] finals
} failed; the answer is the same without them
seen-failures-other = { $count } { $count ->
    [one] final
   *[other] finals
} failed, and without them the answer would be: { $answer }

gate-aa-test = An arm differs from itself
gate-aa-test-passed = An arm equals itself
gate-aa-test-fine = An arm that ran twice equals itself.
gate-aa-test-hint = Find what differs between two runs of one arm before believing any other difference.
aa-waiting = { $arm } against itself: { $blocks } of { $planned } blocks are in
aa-quiet = { $arm } against itself shows no difference (p = { $p } at { $level }, over { $blocks } blocks), as it should
aa-note = { $arm } differs from itself (p = { $p } at { $level }, over { $blocks } blocks), which happens by chance in 5 % of sound campaigns
aa-failure = { $arm } differs from itself (p = { $p } at { $level }, over { $blocks } blocks), which happens by chance in 0.1 % of sound campaigns
seen-only-strengthens = { $found }; fixing it could only strengthen the answer
seen-more = and { $count } more like this

## What several campaigns of a claim come to

findings-at-level = { $claim } At { $level }.
findings-effect = { $effect } ({ $low } to { $high })
findings-agree = Together { $effect }, from { $count } campaigns. They do not differ by more than chance explains (p = { $p }, I² = { $share } %). The true effect of another campaign is expected between { $low } and { $high }.
findings-differ = Together { $effect }, from { $count } campaigns. They differ by more than chance explains (p = { $p }, I² = { $share } %, τ = { $tau }). The true effect of another campaign is expected between { $low } and { $high }.
findings-nothing-to-pool = One campaign counts. Another one needs a seed of its own, such as `--set root_seed=1`.
findings-none-counts = Nothing to pool.
findings-incomplete = not counted: incomplete
findings-few-blocks = not counted: one block
findings-same-blocks = not counted: same blocks as another
findings-fact = not pooled: a fact
findings-condition = { $name }: { $value }
findings-default = the default
findings-campaign = Campaign
findings-verdict = Verdict
findings-effect-title = Effect (interval)
findings-blocks = Blocks
findings-note = Note
findings-seed = Seed
findings-created = Started
findings-machine = Hardware
findings-versions = Versions
findings-only = Only with
condition-claim = claim
condition-trials = trials
condition-sampler = sampler
condition-finals = finals
condition-length-factor = length_factor
condition-examples = examples
condition-recipe = recipe
condition-space = space
condition-code = code
condition-synthetic = synthetic

## A task's page in the documentation

topic-claims = What is claimed
topic-source = Source: { $text }
topic-reported = It reports: { $text }
topic-results = What we found
topic-claim = Claim
topic-verdict = Verdict
topic-effect = Effect (interval)
topic-blocks = Blocks: { $value }
topic-why = Why
topic-literature = Literature
topic-limits = Limits
topic-matched = Held equal: { $text }
topic-limit-of = { $text } (Claim: { $claims })
topic-limit-of-many = { $text } ({ $count } of { $of } claims)
topic-claims-between = { " " }
topic-campaign = The campaign
topic-id = Campaign: { $value }
topic-day = Started: { $value }
topic-seed = Seed: { $value }
topic-trials = Trials in each cell: { $value }
topic-machines = Hardware: { $value }
topic-versions = Versions: { $value }
topic-command = Command: { $value }

## The page that leads to the pages of tasks

contents-title = What the tasks found
contents-about = From recorded campaigns: { $ids }. Each row leads to a page with claims, figures and limits.
contents-topic = Topic
contents-task = Task
contents-question = Question
contents-answer = Answer
contents-runs = Runs
contents-seconds = CPU seconds
contents-all = All

## Where a claim holds, among its universes

universes-of = Of { $count } universes: { $counts }.
universes-count = { $count } { $answer }
universes-between = { " " }
universes-and = { " " }and{ " " }
universes-supported = It holds where { $conditions } ({ $agreeing } of { $count }).
universes-refuted = The opposite holds where { $conditions } ({ $agreeing } of { $count }).
universes-no-difference = It makes no difference where { $conditions } ({ $agreeing } of { $count }).
universes-supported-everywhere = It holds in all of them.
universes-refuted-everywhere = The opposite holds in all of them.
universes-no-difference-everywhere = It makes no difference in any of them.
universes-supported-decided = It holds in each that is decided ({ $agreeing } of { $count }).
universes-refuted-decided = The opposite holds in each that is decided ({ $agreeing } of { $count }).
universes-no-difference-decided = It makes no difference in each that is decided ({ $agreeing } of { $count }).
