# What verdicts, gates and notes say. One message per code; zh.ftl has the same codes.

answer-supported = supported
answer-refuted = refuted
answer-no-difference = no difference that matters
answer-inconclusive = inconclusive
