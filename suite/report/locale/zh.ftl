# 判断、检验与说明的文字。每个代码一条消息；与 en.ftl 的代码相同。

answer-supported = 支持
answer-refuted = 反驳
answer-no-difference = 无实际差异
answer-inconclusive = 无定论
