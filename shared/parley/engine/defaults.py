"""What is said where a flow says nothing: in the six languages that come built in."""

FALLBACK = {
    "en": "Sorry, I did not understand that.",
    "de": "Das habe ich leider nicht verstanden.",
    "fr": "Désolé, je n'ai pas compris.",
    "es": "Perdona, no te he entendido.",
    "ja": "すみません、よくわかりませんでした。",
    "ar": "عذرًا، لم أفهم ذلك.",
}
ERROR = {
    "en": "Sorry, something went wrong.",
    "de": "Da ist leider etwas schiefgegangen.",
    "fr": "Désolé, une erreur est survenue.",
    "es": "Lo siento, algo ha salido mal.",
    "ja": "申し訳ありません。問題が発生しました。",
    "ar": "عذرًا، حدث خطأ ما.",
}
CONFIRM = {
    "en": "Is that right: {{ slots.%s }}? (yes or no)",
    "de": "Stimmt das: {{ slots.%s }}? (ja oder nein)",
    "fr": "Est-ce bien : {{ slots.%s }} ? (oui ou non)",
    "es": "¿Es correcto: {{ slots.%s }}? (sí o no)",
    "ja": "これでよろしいですか：{{ slots.%s }}（はい／いいえ）",  # noqa: RUF001 -- Japanese is written so
    "ar": "هل هذا صحيح: {{ slots.%s }}؟ (نعم أو لا)",
}
"""Asks whether the value of the slot, whose name goes into it, is right."""
ASK = {
    "en": "Please tell me: ",
    "de": "Bitte nennen Sie: ",
    "fr": "Merci d'indiquer : ",
    "es": "Por favor, indique: ",
    "ja": "教えてください：",  # noqa: RUF001 -- Japanese is written so
    "ar": "من فضلك أخبرني: ",
}
"""Asks for a slot without a prompt; its name follows."""
