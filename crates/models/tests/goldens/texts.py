"""Prompts as people, programs and rascals write them, for the tokenizer."""

THINGS = [
    "a red chair", "a small wooden boat", "matte black ceramic teapot with gold rim", "two-headed dragon",
    "vintage 1950s radio", "an owl's nest", "rusty iron anchor, barnacles", "low-poly fox (orange)",
    "glass bottle; half-full", "steampunk pocket-watch #7", "the king's crown", "fire hydrant/red",
    "cat & mouse", "100% wool scarf", "a 3.5\" floppy disk", "R2-D2 like droid", "it's broken, isn't it?",
    "we've seen they'll fail; I'm sure you'd know you're right", "MIXED Case TeXt", "snake_case_name",
]
MANNERS = [
    "{}", "A {}", "  {}  ", "{}!!!", "\"{}\"", "{} in the style of Picasso", "highly detailed {}, 8k",
    "{}\n\nwith a newline", "{}\tand a tab", "un {} très élégant", "{} 🎈", "“{}”", "{} — 2nd edition…",
]
ODD = [
    "", " ", "\n", "a", "’", "don’t", "‘quoted’", "naïve café", "cafe\u0301", "Ångström", "Straße", "İstanbul",
    "ΣΊΣΥΦΟΣ", "ὈΔΥΣΣΕΎΣ", "日本語の招き猫", "招き猫 figurine", "кот в сапогах", "قطة", "แมว", "हाथी", "한국 도자기",
    "🐉", "👩‍👩‍👧‍👦", "🇫🇷 flag", "👍🏽", "❤️", "☃ snowman", "ﬁre truck", "ﬂower", "Ⅷ column", "½ apple", "x² + y²",
    "ＦＵＬＬ ｗｉｄｔｈ", "zero\u200bwidth", "soft\u00adhyphen", "non\u00a0breaking", "em\u2003space", "a\u3000b",
    "tab\tseparated\tvalues", "crlf\r\nline", "bell\x07rung", "null\x00byte", "\ufeffbom", "del\x7f", "esc\x1b[31mred",
    "&amp; &lt;b&gt; &quot;x&quot;", "&amp;amp; twice", "&#39;single&#39;", "&#x1F600; face", "&eacute;t&eacute;",
    "&copy 2024", "&notanentity;", "fish & chips", "a&b", "&nbsp;&nbsp;space", "&#0;&#128;", "<b>bold</b>", "&lt;3",
    "<start_of_text>", "<end_of_text>", "a <end_of_text> b", "<END_OF_TEXT>", "<|endoftext|>", "<|startoftext|>",
    "1234567890", "3.14159", "１２３", "٣", "1st 2nd 3rd", "50cm x 20cm", "$9.99", "€5", "£3", "#hashtag", "@user",
    "C++ / C#", "e=mc^2", "...", "…", "!?!?", "---", "–—―", "~`!@#$%^&*()_+-=[]{}|;':\",./<>?", "'s", "'S", "'re 've 'll",
    "o'clock", "rock'n'roll", "cats'", "'tis", "s'more", "you'Re", "ſ'ſ", "ǅ ǆ", "ﬀ ﬃ", "Ĳ", "Ŋ", "ß ẞ", "ı I i İ",
    "antidisestablishmentarianism", "pneumonoultramicroscopicsilicovolcanoconiosis", "aaaaaaaaaaaaaaaaaaaaaaaa",
    "abababababababab", "zzzzzz", "qwertyuiop", "xkcd", "https://example.org/a?b=c&d=e", "user@example.org",
    "\u2028line separator", "\u0085next line", "a\u0301\u0302\u0303", "Z̷a̸l̶g̵o̴", "\U0001d400\U0001d401\U0001d402", "①②③",
    "´accent`", "«guillemets»", "„low quotes“", "′prime″", "half‐hyphen‑nonbreaking", "a\u2060b", "\u202ertl\u202c",
    "œuvre d’art", "señor piñata", "smörgåsbord", "žluťoučký kůň", "Đồ gốm", "pokémon", "façade", "jalapeño", "rosé",
]
TEXTS = [manner.format(thing) for index, thing in enumerate(THINGS) for manner in MANNERS[index % 2 :: 2]] + ODD
