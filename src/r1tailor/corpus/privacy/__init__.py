"""Personal identifiers in English and Chinese text: found by shape, checksum, label and context, then taken out.

::

    findings    what a finder returns, and how overlapping findings become one
    network, numbers, labelled, dates, places, people_en, people_zh     the finders
    announced_en, announced_zh      names that a label, a title or a role announces
    name_end_en, romanised_en, made_zh      what a name is made of, and where it ends
    lexicon_en, medicine_zh         words, drugs and eponyms that are no names
    plug_ins    finders of installed packages
    people_tagged_zh, tagger_zh     names among the words that jieba cuts a Chinese text into
    surrogates  what stands in an identifier's place
    deidentify  all of it over a text, and as a corpus step
    key, gate, coverage     the secret, whether data may pass, what is covered and what is not
"""

from r1tailor.corpus.privacy.coverage import Coverage, coverage_table
from r1tailor.corpus.privacy.deidentify import Deidentifier, find
from r1tailor.corpus.privacy.findings import Finding
from r1tailor.corpus.privacy.gate import gate

__all__ = ["Coverage", "Deidentifier", "Finding", "coverage_table", "find", "gate"]
