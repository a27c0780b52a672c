"""What the tasks that come with Bakeoff call things, in other languages. Other tasks'
labels stay as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

LABELS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        # tasks, by their titles
        "Attention heads": "注意力头数",
        "Batch size": "批量大小",
        "CNN vs attention": "CNN 与注意力",
        "Deep vs wide": "深与宽",
        "GAN": "生成对抗网络",
        "Logistic regression": "逻辑回归",
        "Translation": "机器翻译",
        "Two answers": "两个答案",
        # questions
        "How many heads should attention have?": "注意力应该有多少个头？",
        "Do small batches generalise better?": "小批量的泛化更好吗？",
        "Does attention need more data than convolution?": "注意力比卷积需要更多数据吗？",
        "At the same number of parameters, is deep better than wide?": "参数量相同时，深比宽更好吗？",
        "Between the same two networks, which adversarial loss makes the best pictures?": "同样的两个网络之间，哪种对抗损失生成的图片最好？",
        "Does our logistic regression equal scikit-learn's, and when does a hidden layer pay?": "我们的逻辑回归与 scikit-learn 的一致吗？隐藏层何时值得？",
        "Does a Transformer translate better than recurrent networks of its size?": "Transformer 的翻译优于同等规模的循环网络吗？",
        "Where two answers are right, which run gives one of them rather than their mean?": "有两个正确答案时，哪种训练给出其中之一而不是平均值？",
        # measures
        "Accuracy": "准确率",
        "Log loss": "对数损失",
        "Fréchet distance (own classifier)": "Fréchet 距离（自有分类器）",
        "Coverage": "覆盖率",
        "Precision": "精确率",
        "Recall": "召回率",
        "Evenness of classes (entropy)": "类别均匀度（熵）",
        "Classifier over 90 % sure": "分类器把握超过 90 % 的比例",
        "Classes seen": "出现的类别数",
        "Log loss per token": "每词元对数损失",
        "Exact match": "完全匹配率",
        "Token accuracy": "词元准确率",
        "Exposure gap": "曝光差距",
        "Length error": "长度误差",
        "Ranked probability score": "排序概率评分",
        "Squared error": "平方误差",
        "On a right answer": "落在正确答案上的比例",
        "Gives both right answers": "给出两个正确答案的比例",
        # axes
        "Heads": "头数",
        "Hidden layers": "隐藏层数",
        "Examples in a batch": "每批样本数",
        "Training examples": "训练样本数",
        "Parameters": "参数量",
        # arms
        "Full batch": "全批量",
        "Vision transformer": "视觉 Transformer",
        "Convolutions, then attention": "先卷积，后注意力",
        "CNN, shuffled": "CNN（打乱）",
        "Vision transformer, shuffled": "视觉 Transformer（打乱）",
        "Minimax": "极小极大",
        "Non-saturating": "非饱和",
        "Least squares": "最小二乘",
        "WGAN-GP, 5 critic updates": "WGAN-GP，评判网络更新 5 次",
        "Hinge": "合页损失",
        "Ours, no penalty": "我们的，无正则",
        "Ours, L2": "我们的，L2",
        "scikit-learn, L2": "scikit-learn，L2",
        "MLP, two hidden layers": "MLP，两个隐藏层",
        "GRU with attention": "带注意力的 GRU",
        "Transformer, post-norm": "Transformer（后归一化）",
        "Transformer, hard labels": "Transformer（硬标签）",
        "Regression": "回归",
        "Regression with noise as input": "以噪声为输入的回归",
        "GAN, non-saturating": "GAN（非饱和）",
        # levels
        "Equal epochs": "轮数相同",
        "Equal updates": "更新次数相同",
        "Breast cancer": "乳腺癌",
        "Number words": "数词",
        "Interface text": "界面文本",
        "all": "全部",
    }
}
PATTERNS: Mapping[str, Sequence[tuple[re.Pattern[str], str]]] = {
    "zh": (
        (re.compile(r"(\d+) heads?"), r"\1 个头"),
        (re.compile(r"Batch of (\d+)"), r"批量 \1"),
        (re.compile(r"Depth (\d+)"), r"深度 \1"),
        (re.compile(r"([\w-]+), ([\d,]+) examples"), r"\1，\2 个样本"),
        (re.compile(r"([\w-]+), ([\d,]+k?) parameters"), r"\1，\2 个参数"),
        (
            re.compile(r"([\w-]+), ([\d,]+), a token for each point"),
            r"\1，\2，每点一个词元",
        ),
    )
}


def translated(text: str, language: str) -> str:
    """The label in that language; as it is where it is not known."""
    if text in LABELS.get(language, {}):
        return LABELS[language][text]
    found = (
        (pattern.fullmatch(text), shown)
        for pattern, shown in PATTERNS.get(language, ())
    )
    return next((match.expand(shown) for match, shown in found if match), text)
