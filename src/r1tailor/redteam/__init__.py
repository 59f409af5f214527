"""Attacks on a model and what came of them.

::

    cases           our own cases, as files of the package: what is asked, what a broken answer is, by which source
    packaged_sets   requests of packaged sets, and answers that people labelled as refused or not
    bank            a question bank of the user's, counted against GB/T 45654-2025
    transforms      the same case in disguise: homoglyphs, zero-width characters, split words, pinyin
    evidence        sentences, warnings, quantities and citations of an answer
    refusals        a detector of refusals; its error is measured where answers with labels are at hand
    verdicts        an answer or a block of reasoning -> broken, held or undecided, with the evidence
    correction      a rate that a detector decided, corrected by its sensitivity and specificity
    rates           verdicts -> rates with intervals, by family, paired with the base model
    tasks           what no rule decides, for people; ``people`` reads what they decided
    run             a model asked and judged
    folder          where that is written
    subjects        what is attacked; ``resumed`` keeps what a server answered
    judged          an answer with its verdicts
    table           the rates for the terminal

``articles.json`` has the last article of the acts of the packaged EU and Chinese law; ``pinyin.txt`` the readings of
the characters of GB 2312 (after pypinyin 0.55, MIT).
"""
