"""Texts on which a form is held against the model that it was made of, whatever the domain."""

TEXTS = (
    "Hello, world! It's 3.14% of 1234567, isn't it?  I'LL say we're 'S.",
    "  leading and trailing spaces   \n\n\t tabs\r\n and \r returns \n\n\n",
    "HbA1c < 7.0 %, 120/80 mmHg, 38.5 °C, 10⁹/L, (-), x=1;if(a<b){c+=2;}",
    "患者男，45岁，血压 120/80 mmHg（38.5℃），诊断为2型糖尿病。",
    "第一百二十三条　当事人应当按照约定全面履行自己的义务。",
    "a\u0301 cafe\u0301 café ﬁ ² ½ Ⅷ ①２３４ İstanbul ǅ ſ ß",
    "👩‍👩‍👧‍👦 🇨🇳 ✓ — “quoted” ‘single’ …",
    "العربية עברית हिन्दी ไทย Ελληνικά Русский 日本語 한국어",
    "\u200b\ufeffzero widths\u00a0and\u3000full ones",
    "0000000000 " + "_" * 30 + "---*** ~~~ ///",
    "The patient presents with acute bronchitis due to mycoplasma pneumoniae.",
    "Step 1: subtract 7 from both sides. Step 2: divide by 3. The answer is 14.",
)
