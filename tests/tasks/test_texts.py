"""What people read of a task: in English and Chinese, and without a part in results."""

import copy
import dataclasses
import json
import pickle
import re

import pytest

import tasks
from suite.planning.plan import Plan
from suite.planning.profile import Profile
from suite.records.manifest import manifest_of
from suite.records.translation import texts_of
from suite.report.messages import LANGUAGES
from tasks import Text, text_of

CHINESE = re.compile("[\u4e00-\u9fff]")
# the same in every language: names of models, data sets and scores, figures
NAMES = re.compile(
    r"(CNN|GAN|GRU|LSTM|Transformer|WGAN-GP|MNIST-1D|Tatoeba|Multi30k|BLEU|chrF"
    r"|SGD|Adagrad|RMSprop|Adam|AdamW|[\d ,.%]+)"
)
OTHERS = [language for language in LANGUAGES if language != "en"]


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("name", tasks.names())
def test_all_texts_of_our_tasks_are_translated(name, language):
    missing = [
        text
        for text in texts_of(tasks.get(name))
        if text
        and not NAMES.fullmatch(text)
        and text_of(text, language) == text
        and not (language == "zh" and CHINESE.search(text_of(text, language)))
    ]

    assert missing == []


@pytest.mark.parametrize("name", tasks.names())
def test_numbers_in_a_translation_are_those_of_the_english_text(name):
    """Figures are the likeliest slip of a translator, and the worst."""

    def numbers(text):
        return set(re.findall(r"\d+(?:[.,]\d+)*", text))

    for text in texts_of(tasks.get(name)):
        assert numbers(text) == numbers(text_of(text, "zh")), text


def test_a_text_is_its_english_wherever_a_text_is_expected():
    text = Text("Equal epochs", zh="轮数相同")

    assert text == "Equal epochs"
    assert hash(text) == hash("Equal epochs")
    assert json.dumps(text) == '"Equal epochs"'
    assert text_of(text) == "Equal epochs"
    assert text_of(text, "zh") == "轮数相同"
    assert (
        text_of(text, "de") == text_of("Equal epochs", "zh") == "Equal epochs"
    )


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda text: pickle.loads(pickle.dumps(text))]
)
def test_a_text_keeps_its_translations_when_it_is_copied(copied):
    assert text_of(copied(Text("Heads", zh="头数")), "zh") == "头数"


def test_a_translation_changes_neither_a_campaign_nor_its_claims(monkeypatch):
    profile = Profile.model_validate(
        {"name": "one", "tasks": {"two_answers": {}}}
    )
    before = Plan(profile)
    task = tasks.get("two_answers")
    others = [
        dataclasses.replace(claim, says=Text(str(claim.says), zh="别的说法"))
        for claim in task.claims
    ]
    changed = dataclasses.replace(task, claims=tuple(others))
    monkeypatch.setattr(tasks, "get", lambda name: changed)
    after = Plan(profile)

    assert after.id == before.id
    assert (
        manifest_of(after).claims_digest == manifest_of(before).claims_digest
    )
    texts = manifest_of(after).task("two_answers").translations["zh"]
    assert {claim["says"] for claim in texts.claims.values()} == {"别的说法"}


def test_the_manifest_has_every_label_in_the_language_asked_for():
    profile = {
        "name": "one",
        "tasks": {"deep_vs_wide": {"aa_test": ["depth_1"]}},
    }
    task = manifest_of(Plan(Profile.model_validate(profile))).task(
        "deep_vs_wide"
    )
    chinese = task.in_language("zh")

    assert task.arm("depth_3").label == "Depth 3"
    assert chinese.arm("depth_3").label == "深度 3"
    assert chinese.arm("depth_1_again").label == "深度 1（重复）"
    assert chinese.question == "参数量相同时，深比宽更好吗？"
    assert chinese.tested == task.tested
    assert task.in_language("de") == task
