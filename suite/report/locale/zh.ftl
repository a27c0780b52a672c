# 判定、检验与说明的文字。每个代码一条消息；代码与 en.ftl 相同。
# 各个值的写法见 suite/verdicts/message.py 与 suite/report/sentences.py。

### 小词

level-all = 全部
comma = 、
semicolon = ；
two-sentences = { $first }{ $second }
full-stop = { $text }。
the-axis = 轴
pair = { $first }与{ $last }
at-level = （{ $level }）
for-pair = （{ $pair }）
repetitions = { $count } 次重复

## 答案

answer-supported = 成立
answer-refuted = 不成立
answer-no-difference = 无实质差异
answer-inconclusive = 尚无定论
answer-at-level = { $level } 上{ $answer }
answer-for-pair = { $level }：{ $answer }
answer-for-claim = 论断“{ $claim }”{ $answer }

## The answer to a task's question, from its claims

question-answer = { $lead }：{ $counts }。
question-not-so = 不成立的是：“{ $claim }”
question-not-different = 无实质差异的是：“{ $claim }”
question-matching = 取决于匹配方式：{ $matchings }。{ $counts }。
question-matched-yes = 是（{ $level }，{ $effect }）
question-matched-no = 否（{ $level }，{ $effect }）
question-matched-equal = 无实质差异（{ $level }，{ $effect }）
question-matched-open = 待定（{ $level }）
question-yes = 是
question-no = 否
question-as-claimed = 与论断一致
question-not-as-claimed = 与论断不符
question-equal = 无实质差异
question-depends = 视情况而定
question-open = 待定
question-so-far = 就已有结果的论断而言，{ $lead }
question-held = { $total } 个论断中 { $held } 个成立
question-failed = { $count } 个不成立
question-no-difference = { $count } 个无实质差异
question-undecided = { $count } 个待定
question-exploratory = { $count } 个为探索性

## 数值与比较双方

amount-plain = { $number }
amount-in-unit = { $number } { $unit }
unit-points = 个百分点
amount-points = { $number } 个百分点
amount-ratio = { $number } 倍
effect-plain = { $number }
effect-points = { $number } 个百分点
per-doubling = 每翻一倍 { $amount }
likely = （很可能在 { $low } 到 { $high } 之间）
no-chance = （其中没有偶然性）
arm-at-level = { $arm }（{ $level }）
side-bound = 界限
side-published = 文献值 { $number }

## 每次运行都记录的指标

metric-train = 训练{ $measure }
metric-validation = 验证{ $measure }
metric-gap = { $measure }的泛化差距
metric-seconds = 秒数
metric-cpu-seconds = CPU 秒数
metric-seconds-per-update = 每次更新的秒数
metric-seconds-per-epoch = 每轮的秒数
metric-steps = 更新次数
metric-stage-steps = 自身训练之前的更新次数
metric-stage-cpu-seconds = 自身训练之前的 CPU 秒数
metric-epochs = 轮数
metric-parameters = 参数量
metric-diagnosed = 诊断为“{ $cause }”
metric-updates-to = { $measure }达到 { $amount } 所需的更新次数
metric-steps-to-target = 达到目标的更新次数
metric-seconds-to-target = 达到目标的秒数
metric-throughput = 每秒处理的 { $unit }

## 零点两侧的含义

directions-ahead-left = { $behind } 领先
directions-ahead-right = { $ahead } 领先
directions-trend-left = { $ahead } 渐落后
directions-trend-right = { $ahead } 渐领先
directions-power-law-left = 指数更小
directions-power-law-right = 指数更大
directions-threshold-left = 未达{ $behind }
directions-threshold-right = 超过{ $behind }
directions-always-left = 超出界限
directions-always-right = 在界限之内
directions-promised-left = 不及论断
directions-promised-right = 超出论断

## 各类论断所说的内容

asks-difference = { $ahead } 优于 { $behind }
asks-difference-promised = { $ahead } 优于 { $behind }，至少相差 { $promised }
asks-equal = { $ahead } 与 { $behind } 之差小于有实际意义的界限
asks-no-worse = { $ahead } 不比 { $behind } 差 { $margin }或更多
asks-no-worse-reference = { $ahead } 达到 { $reference }，或与之相差不到 { $margin }
asks-partial-conjunction = { $ahead } 在 { $levels } 个水平中的至少 { $needed } 个上优于 { $behind }
asks-partial-conjunction-promised = { $ahead } 在 { $levels } 个水平中的至少 { $needed } 个上优于 { $behind }，至少相差 { $promised }
asks-power-law = { $ahead } 的{ $measure }与{ $axis }的 { $exponent } 次幂成正比（± { $exponent_margin }）
asks-always = { $ahead } 始终满足 { $bounds }
asks-contrast = { $sum } 大于 0
asks-interaction-promised = { $ahead } 相对 { $behind } 的优势随{ $axis }至少增大 { $promised }
asks-interaction = { $ahead } 相对 { $behind } 的优势随{ $axis }增大
asks-ranking = 顺序为 { $order }
asks-threshold = { $ahead } 达到 { $reference }

## 效应的大小

gap-points = 在{ $measure }上，{ $ahead } 领先 { $behind } { $amount }{ $likely }
gap-log-error = { $more } 的错误数是 { $less } 的 { $amount }{ $likely }
gap-log-ratio = { $more } 的{ $measure }是 { $less } 的 { $amount }{ $likely }
trend-points = { $axis }每翻一倍，{ $ahead } 相对 { $behind } 在{ $measure }上的优势增加 { $amount }{ $likely }
trend-points-falling = { $axis }每翻一倍，{ $ahead } 相对 { $behind } 在{ $measure }上的优势减少 { $amount }{ $likely }
trend-log-error = { $axis }每翻一倍，{ $more } 与 { $less } 的错误数之比变为原来的 { $amount }{ $likely }
trend-log-ratio = { $axis }每翻一倍，{ $more } 与 { $less } 的{ $measure }之比变为原来的 { $amount }{ $likely }
power-law = { $ahead } 的{ $measure }与{ $axis }的 { $amount } 次幂成正比{ $likely }
weakest = 在效应最弱的水平 { $level } 上，{ $fact }
weakest-of-needed = 论断需要 { $levels } 个水平中的 { $needed } 个，在其中效应最弱的 { $level } 上，{ $fact }
promised = { $fact }，而论断要求至少 { $amount }
won-as-claimed = { $fact }；{ $repetitions }中有 { $won } 次符合论断
won-so = { $fact }；{ $repetitions }中有 { $won } 次如此
within-margin = { $ahead } 与 { $behind } 在{ $measure }上相差不到 { $margin }{ $likely }
real = { $fact }；这一微小差异是真实存在的

## 完整的回答

first-hint = 仅为初步迹象，只来自 { $repetitions }。{ $sentence }
said-supported = 成立：{ $found }。{ $worth }
said-ranking = 成立，顺序为 { $order }。其中最接近的相邻两项：{ $found }。{ $worth }
said-refuted = 不成立：{ $found }。{ $worth }
said-opposite = 不成立，而且恰好相反：{ $found }。{ $worth }
said-equal = 成立，两者可视为相等：{ $fact }。
said-no-worse = 成立，并不更差：{ $fact }，而落后 { $margin }才有实际意义。
said-power-law = 成立：{ $fact }，与所论断的 { $claimed } 相差不到 { $margin }。
said-no-power-law = 不成立：{ $fact }，与所论断的 { $claimed } 相差超过 { $margin }。
said-always = 成立，全部 { $count } 个实例均如此：{ $fact }；{ $worst }。若有偶然的例外，其比例至多为 { $most }。
said-not-always = 不成立，{ $count } 个实例中有 { $against } 个反例：并非始终{ $fact }；{ $worst }。
measure-of = { $arm } 的{ $measure }
measure-above = { $ahead } 与 { $behind } 的{ $measure }之差
bound-lower = { $measured }不低于 { $low }
bound-upper = { $measured }不高于 { $high }
bound-between = { $measured }在 { $low } 与 { $high } 之间
bound-equal = { $measured }等于 { $equal }（误差不超过 { $tolerance }）
worst-inside = 最差的实例仍在界限之内 { $amount }
worst-beyond = 最差的实例超出界限 { $amount }
worst-deviation = 最大偏差为 { $amount }
said-no-difference = 无实质差异：{ $fact }。
said-equal-to-promised = 成立，与论断所述的 { $amount } 可视为相等：{ $fact }。
said-no-difference-to-promised = 与论断所述的 { $amount } 无实质差异：{ $fact }。
worth-more = 即使按保守的一端计算，也超过了有实际意义的 { $margin }。
worth-unsure = 是否超过有实际意义的 { $margin }，尚不确定。

## 尚无定论

said-gate = 这一比较目前无法判定。{ $seen }{ $hint }
said-gate-otherwise = 这一比较目前无法判定。{ $seen }{ $hint }若非如此，答案将是：{ $answer }。
said-too-few-blocks = 尚无定论：{ $repetitions }看不出结果有多少偶然波动。
said-no-spread = 尚无定论：每次重复的差异完全相同，无从判断偶然性。
said-instances-disagree = 尚无定论：各次重复的结果相互矛盾，而其中并无偶然性。
said-levels-disagree = 整体上尚无定论，因为各水平的结论不一致：{ $answers }。
said-pairs-disagree = 整体上尚无定论，因为各对的结论不一致：{ $answers }。
said-open = 尚无定论：{ $range }。{ $remedy }
said-unfinished = 尚未完成：{ $repetitions }中已完成 { $done } 次。
said-unfinished-so-far = 尚未完成：{ $repetitions }中已完成 { $done } 次。目前{ $range }。
range-nothing = 各次重复之间差异过大，放在一起得不出任何结论
range-power-law = 指数可能在 { $low } 与 { $high } 之间的任何位置
range-trend = 趋势的方向尚不明确：{ $fact }
range-log-error = { $more } 的错误数可能是 { $less } 的 { $low } 到 { $high } 倍
range-log-ratio = { $more } 的{ $measure }可能是 { $less } 的 { $low } 到 { $high } 倍
range-around = 在{ $measure }上，{ $ahead } 可能落后 { $behind } { $low }，也可能领先 { $high }
range-ahead = 在{ $measure }上，{ $ahead } 可能领先 { $behind } { $low } 到 { $high }
range-behind = 在{ $measure }上，{ $ahead } 可能落后 { $behind } { $low } 到 { $high }
remedy-more = 需要更多重复，至少 { $least } 次。
remedy-reference = 重复再多也无法定论，因为文献值本身太不确定。
remedy-data = 增加重复次数无法定论，需要更多数据。
remedy-blocks = 至多约 { $repetitions }即可定论。
remedy-as-seen = 若差异保持不变，约 { $repetitions }即可定论。
remedy-blocks-cautious = 至多约 { $repetitions }即可定论；若结果的波动比看上去更大，则需 { $cautious } 次。

## 结论适用于哪些数据

population-fresh = 适用于同一来源的新数据：每次重复都抽取了自己的数据。
population-resplit = 适用于与此类似的新数据：每次重复都重新划分同一批样本；由于各次重复共用样本，区间因此更宽。
population-official = 只适用于所有重复共用的这一个测试集，不适用于新的测试样本。
population-unknown = 适用于哪些数据，目前尚无记录。
population-mixed = 各次重复取得数据的方式不一致。
population-at-level = { $level }：{ $text }

## 还须了解的情况

note-incomplete = 未完成：{ $due } 个区组中已完成 { $blocks } 个。
note-no-logarithm = { $due } 个区组中有 { $blocks } 个计入：另有 { $count } 个区组的数值为 0 或负数，无法求比值。增加运行也无济于事；改用以差值（points）衡量的论断则可计入。
note-looks = 至多 { $most } 个区组，目前检视了 { $blocks } 个；下一次检视在第 { $next } 个。
note-few-blocks = 探索性：少于 { $least } 个区组，只是初步迹象。
note-known-before = 探索性：写下这一论断时，实验 { $campaign } 已经打开过相同区组的测试集。请换一个 `root_seed` 运行。
note-edited = 探索性：论断在本次实验之后被修改过：{ $changes }。
note-universe = 探索性：这是该论断的 { $count } 个情形之一，已按情形数校正。
note-gone = 探索性：任务中已不再有这一论断。
note-tampered = 探索性：campaign.json 中的论断不是运行前声明的那些。
note-attempt = 这是该论断的第 { $attempt } 次实验。
note-half-budget = 若调参预算减半，答案将是：{ $answer }。
note-half-length = 若训练长度减半，答案将是：{ $answer }。
note-other-length = 论断针对固定的训练预算，而配置改变了这一预算。
note-negligible = 真实但可忽略：差异存在，但小于有实际意义的界限。
note-deciding-pair = 所示数字来自起决定作用的相邻一对 { $level }。
note-places = 名次（同时成立的置信度为 { $percent_confidence }）：{ $places }。
note-place = { $arm } 第 { $place }
note-place-between = { $arm } 第 { $first } 至 { $last }
note-ties = 并列，即相差小于 { $margin }：{ $ties }。
note-tie = { $arm } 与 { $arm_other }
note-deciding-level = 所示数字来自起决定作用的水平 { $level }。
note-crossing = 两者在 { $axis } = { $number_at } 处持平（很可能在 { $number_low } 到 { $number_high } 之间）。
note-crossing-not-located = 无法确定两者在{ $axis }的何处持平。
note-spread = 单次运行的效应随种子变化 { $margin_seed }，随调参和数据变化 { $margin_rest }（标准差，每个单元 { $finals } 次最终运行）：{ $helps ->
    [finals] 增加最终运行最能缩窄区间。
   *[trials] 增加试验和区组最能缩窄区间。
    }
note-spread-seed = 单次运行的效应随种子变化 { $margin_seed }（标准差，每个单元 { $finals } 次最终运行）；随调参和数据的变化与 0 无法区分。
note-crossing-beyond = 两者持平之处超出了所研究的{ $axis }范围。
note-code-changed = 任务的代码此后有过改动：结论针对当时的代码。
note-target-not-reached = { $finals } 次最终运行中有 { $missed } 次未达到目标：按其更新次数加一计。
note-matching = 取决于匹配方式：{ $answers }。
change = { $name }（{ $then } → { $now }）

## 各方案训练得如何

diagnosis-blocks = 单独看，{ $blocks } 个区组中有 { $agreeing } 个也是如此。
cause-optimisation = 优化问题
cause-overfitting = 过拟合
cause-mismatch = 分布不匹配
cause-model-bias = 模型偏差
cause-healthy = 正常
diagnosis-optimisation = { $arm } 在自己的训练集上达到 { $value_train }，而参数不更多的 { $arm_rival } 达到 { $value_rival }：这是优化问题，不是泛化问题
diagnosis-overfitting = { $arm } 在训练集上达到 { $value_train }，在验证集上为 { $value_validation }：过拟合
diagnosis-mismatch = { $arm } 在验证集上达到 { $value_validation }，在测试集上为 { $value_test }：两个集合的数据不同
diagnosis-model-bias = { $arm } 在训练集上达到 { $value_train }（验证集上为 { $value_validation }），没有参数不更多的方案更好：这是模型的偏差，与样本数量无关
diagnosis-healthy = { $arm } 在训练集上达到 { $value_train }，验证集上为 { $value_validation }，测试集上为 { $value_test }：没有值得注意的差距

## 区组再多也无法定论的论断，以及该改什么

undecidable-reference = 已发表数值自身的误差使区间至少为 ±{ $margin_floor }，放不进 { $margin } 的界限：请把论断的界限设到 { $margin_floor } 以上，或与更精确的数值比较。
undecidable-overlap = 各区组共用数据（测试样本为训练样本的 { $percent } %），使区间至少为 ±{ $margin_floor }，宽于 { $margin } 的界限：请减小测试集的比例，或让每个区组使用新数据，或把论断的界限设到 { $margin_floor } 以上。
undecidable-resolution = { $margin } 的界限小于 { $examples } 个测试样本中的两个：请至少用 { $needed } 个样本测试，或把论断的界限至少设为 { $margin_needed }。
undecidable-blocks = { $blocks } 个区组、{ $claims } 条论断时，效应须达到 |t| = { $number_t } 才算数：请至少安排 { $confirmatory } 个区组，或减少论断。
undecidable-one-block = 只有一个区组，看不出离散程度，无法与偶然区分：请至少安排 { $confirmatory } 个区组。

## 检验：未通过时的名称，通过时的名称与所见，以及应对办法

gate-not-asked = { $gate }？– 未检查
gate-failed-trials = 失败的试验过多
gate-failed-trials-passed = 试验成功
gate-failed-trials-fine = 每个方案都有足够多的调参试验成功。
gate-failed-trials-hint = 若因发散而失败，请降低学习率范围的上限或裁剪梯度；若因机器而失败，请给予更多内存或时间，并使用 `bakeoff retry`。
seen-failed-trials = { $arm } 的 { $trials } 次调参试验中有 { $failed } 次失败（{ $causes }）
cause = { $count } 次{ $status }
status-pruned = 被剪枝
status-diverged = 发散
status-out-of-memory = 内存不足
status-timed-out = 超时
status-crashed = 崩溃
status-lost = 丢失

gate-parameters = 参数量不匹配
gate-parameters-passed = 参数量匹配
gate-parameters-fine = 各方案的参数量相同。
gate-parameters-hint = 请选择使参数量相等的宽度，或在任务中声明参数量不要求匹配。
seen-parameters = { $arm_most } 有 { $most } 个参数{ $at_level }，{ $arm_least } 有 { $least } 个：相差 { $percent_excess }，而只允许 { $percent_allowed }

gate-machines = 机器不同
gate-machines-passed = 机器相同
gate-machines-fine = 每个区组内的各方案都在同一台机器上计时。
gate-machines-hint = 请在同一台机器上并排计时：用一个节点运行这一任务。
seen-machines = 有 { $blocks } 个区组的各方案在不同的机器或设备上运行

gate-range-edge = 最佳学习率在范围边缘
gate-range-edge-passed = 学习率在范围之内
gate-range-edge-fine = 没有学习率总停在其范围的一端。
gate-range-edge-hint = 请在任务的搜索空间中将范围向这一端放宽，然后重新运行。
seen-range-edge-high = { $arm } 的最佳 { $name }{ $at_level }在 { $blocks } 个区组中有 { $near_bound } 个落在范围最高的十分之一（接近 { $number_bound }）；每次调参 { $trials } 次试验时，这在 { $percent_chance } 的实验中会纯属偶然
seen-range-edge-low = { $arm } 的最佳 { $name }{ $at_level }在 { $blocks } 个区组中有 { $near_bound } 个落在范围最低的十分之一（接近 { $number_bound }）；每次调参 { $trials } 次试验时，这在 { $percent_chance } 的实验中会纯属偶然

gate-not-a-power = 没有单一的指数
gate-not-a-power-passed = 整个轴上只有一个指数
gate-not-a-power-fine = 轴的上半段与下半段的指数之差不超过界限，或不超过偶然波动。
gate-not-a-power-hint = 请只对较少的水平论断指数，或改用别的规律：沿此轴它并非幂律。
seen-not-a-power = 从轴的下半段到上半段，指数变化了 { $number_change }
gate-still-improving = 仍在进步
gate-still-improving-passed = 训练结束时已稳定
gate-still-improving-fine = 训练结束时，没有仍在变化而足以改变答案的量。
gate-still-improving-hint = 请延长训练：提高配置中的 `length_factor`，或增加训练配方的步数或轮数。
seen-fixed-budget = 论断所说的正是这么多训练能换来什么，无论是否训练完毕
seen-pruned = 各次试验相互比较并被剪枝，因此其中一半将是另一次搜索
seen-rate-falls = 学习率在结束前逐渐下降，无论是否训练完毕，曲线都会变平；配置中的 `half_length = true` 更能说明问题
seen-effect-moving = 差异{ $at_level }仍在变化：在训练的最后四分之一，验证集上改变了 { $change }
seen-arm-improving = { $arm }{ $at_level }直到最后仍在进步：在训练的最后四分之一，验证集上提高了 { $gain }

gate-tuning-budget = 取决于调参预算
gate-tuning-budget-passed = 一半调参预算不会使结论反转
gate-tuning-budget-fine = 只用一半的调参试验，领先的仍是同一方案。
gate-tuning-budget-hint = 请给每个方案更多试验：提高配置中的 `trials`。
seen-tuning-budget = 只用一半的调参试验时答案{ $at_level }会反转：验证集上的差异，用 { $trials } 次试验中的 { $half } 次时为 { $effect_half }，全部用上时为 { $effect_full }
seen-tuning-budget-promised = 只用一半的调参试验时答案{ $at_level }会反转：验证集上的差异，用 { $trials } 次试验中的 { $half } 次时为 { $effect_half }，全部用上时为 { $effect_full }，而论断要求 { $margin_promised }
seen-half-budget-same = 若调参预算减半（{ $trials } 次试验中的 { $half } 次），答案不变
seen-half-budget-other = 若调参预算减半（{ $trials } 次试验中的 { $half } 次），答案将是：{ $answer }

gate-moving-in-search = 效应仍随试验次数变化
gate-moving-in-search-passed = 效应不再随试验次数变化
gate-moving-in-search-fine = 在验证集上，只用一半试验时的平均效应与全部试验时相同，差异不超过界限或偶然波动。
gate-moving-in-search-hint = 给每个方案更多试验（调高配置中的 `trials`），或减少要调的超参数。
seen-moving-in-search = 在验证集上，效应{ $at_level }仍随试验次数变化：用 { $trials } 次试验中的 { $half } 次时（对所有这样的一半取平均）为 { $effect_half }，全部用上时为 { $effect_full }，变化了 { $change }；建议 { $recommended } 次试验
gate-moving-with-tuning = 效应仍随调参预算变化
gate-moving-with-tuning-passed = 效应不再随调参预算变化
gate-moving-with-tuning-fine = 后一半调参试验带来的效应变化不超过界限，或不超过偶然波动。
gate-moving-with-tuning-hint = 给每个方案更多试验（调高配置中的 `trials`），或减少要调的超参数。
seen-moving-with-tuning = 效应{ $at_level }仍随调参预算变化：用 { $trials } 次试验中的 { $half } 次时为 { $effect_half }，全部用上时为 { $effect_full }，变化了 { $change }；建议 { $recommended } 次试验

gate-training-length = 取决于训练长度
gate-training-length-passed = 训练长度减半不会反转答案
gate-training-length-fine = 若训练长度减半，答案不变。
gate-training-length-hint = 训练更久：调高配置中的 `length_factor`，或在论断中注明它针对固定的训练预算。
seen-half-length-same = 若训练长度减半，答案不变
seen-half-length-other = 若训练长度减半，答案将是：{ $answer }
gate-moving-with-length = 效应仍随训练长度变化
gate-moving-with-length-passed = 效应不再随训练长度变化
gate-moving-with-length-fine = 后一半训练带来的效应变化不超过界限，或不超过偶然波动。
gate-moving-with-length-hint = 训练更久：调高配置中的 `length_factor`，或在论断中注明它针对固定的训练预算。
seen-moving-with-length = 效应{ $at_level }仍随训练长度变化：训练减半时为 { $effect_half }，训练完整时为 { $effect_full }，变化了 { $change }

gate-too-easy = 任务太容易，无法区分
gate-too-easy-passed = 任务足以区分各方案
gate-too-easy-fine = 任务留有显现差异的余地。
gate-too-easy-hint = 请提高任务难度（减少数据、增加噪声），或扩大测试集。
seen-few-errors = 每个方案{ $at_level }在 { $examples } 个样本中的错误都少于 { $errors } 个
seen-fine-margin = 界限 { $margin } 还不到 { $examples } 个测试样本中的 { $least } 个

gate-hinges-on-failures = 取决于失败的运行
gate-hinges-on-failures-passed = 除去失败的运行结果相同
gate-hinges-on-failures-fine = 除去失败的最终运行，答案不变。
gate-hinges-on-failures-hint = 请先查看失败的最终运行：`bakeoff status` 会列出它们。
seen-failures-same = 有 { $count } 次最终运行失败；除去它们，答案不变
seen-failures-other = 有 { $count } 次最终运行失败；除去它们，答案将是：{ $answer }

gate-aa-test = 同一方案与自身不同
gate-aa-test-passed = 方案与自身相同
gate-aa-test-fine = 运行两遍的方案与自身相同。
gate-aa-test-hint = 在相信其他差异之前，请先找出同一方案的两遍运行之间有何不同。
aa-waiting = { $arm } 与自身比较：{ $planned } 个区组中已完成 { $blocks } 个
aa-quiet = { $arm } 与自身无差异（{ $level }，{ $blocks } 个区组，p = { $p }），理应如此
aa-note = { $arm } 与自身不同（{ $level }，{ $blocks } 个区组，p = { $p }）；正确的实验中有 5 % 会偶然如此
aa-failure = { $arm } 与自身不同（{ $level }，{ $blocks } 个区组，p = { $p }）；正确的实验中只有 0.1 % 会偶然如此
seen-only-strengthens = { $found }；若加以改进，只会使答案更加成立
seen-more = 另有 { $count } 处类似情况

## 一个论断的若干次实验合起来的结果

findings-at-level = { $claim }（{ $level }）
findings-effect = { $effect }（{ $low } 到 { $high }）
findings-agree = 合并 { $count } 次实验：{ $effect }。它们之间的差异不超过偶然波动（p = { $p }，I² = { $share } %）。另一次实验的真实效应预计在 { $low } 到 { $high } 之间。
findings-differ = 合并 { $count } 次实验：{ $effect }。它们之间的差异超过偶然波动（p = { $p }，I² = { $share } %，τ = { $tau }）。另一次实验的真实效应预计在 { $low } 到 { $high } 之间。
findings-nothing-to-pool = 只有一次实验计入。再做一次需要另一个种子，例如 `--set root_seed=1`。
findings-none-counts = 没有可以合并的实验。
findings-incomplete = 不计入：未完成
findings-few-blocks = 不计入：只有一个区组
findings-same-blocks = 不计入：与另一次实验的区组相同
findings-fact = 不合并：这是事实
findings-condition = { $name }：{ $value }
findings-default = 默认
findings-campaign = 实验
findings-verdict = 结论
findings-effect-title = 效应（区间）
findings-blocks = 区组
findings-note = 备注
findings-seed = 种子
findings-created = 开始时间
findings-machine = 硬件
findings-versions = 版本
findings-only = 条件
condition-claim = 论断
condition-trials = 调参次数
condition-sampler = 采样器
condition-finals = 最终运行次数
condition-length-factor = 长度系数
condition-examples = 样本上限
condition-recipe = 训练配方
condition-space = 搜索空间
condition-code = 代码
condition-synthetic = 合成数据

## 文档中一个任务的页面

topic-claims = 论断
topic-source = 出处：{ $text }
topic-reported = 文献报告：{ $text }
topic-results = 我们的结果
topic-claim = 论断
topic-verdict = 结论
topic-effect = 效应（区间）
topic-blocks = 区组数：{ $value }
topic-why = 原因
topic-literature = 文献
topic-limits = 局限
topic-matched = 保持一致：{ $text }
topic-limit-of = { $text }（论断：{ $claims }）
topic-limit-of-many = { $text }（{ $of } 个论断中的 { $count } 个）
topic-claims-between = { "" }
topic-campaign = 实验信息
topic-id = 实验：{ $value }
topic-day = 开始时间：{ $value }
topic-seed = 种子：{ $value }
topic-trials = 每个单元的调参次数：{ $value }
topic-machines = 硬件：{ $value }
topic-versions = 版本：{ $value }
topic-command = 命令：{ $value }

## 通往各任务页面的目录

contents-title = 各任务的结果
contents-about = 来自实验 { $ids }。每一行通往一个页面，其中有论断、数值与局限。
contents-topic = 主题
contents-task = 任务
contents-question = 问题
contents-answer = 回答
contents-runs = 运行次数
contents-seconds = CPU 秒数
contents-all = 合计

## 一个论断在哪些情形下成立

universes-of = 共 { $count } 个情形：{ $counts }。
universes-count = { $answer } { $count } 个
universes-between = {""}
universes-and = {" "}且{" "}
universes-supported = 当 { $conditions } 时成立（{ $count } 个中有 { $agreeing } 个）。
universes-refuted = 当 { $conditions } 时反过来成立（{ $count } 个中有 { $agreeing } 个）。
universes-no-difference = 当 { $conditions } 时没有差异（{ $count } 个中有 { $agreeing } 个）。
universes-supported-everywhere = 在所有情形下成立。
universes-refuted-everywhere = 在所有情形下反过来成立。
universes-no-difference-everywhere = 在所有情形下都没有差异。
universes-supported-decided = 在所有已有结论的情形下成立（{ $count } 个中有 { $agreeing } 个）。
universes-refuted-decided = 在所有已有结论的情形下反过来成立（{ $count } 个中有 { $agreeing } 个）。
universes-no-difference-decided = 在所有已有结论的情形下都没有差异（{ $count } 个中有 { $agreeing } 个）。
