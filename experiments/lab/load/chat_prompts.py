"""Chat prompts of an exact length, no two alike, that share no prefix a cache could reuse.

Every word below is one token with a leading space in SmolLM2's tokenizer, which both model folders carry, so a
prompt of n tokens is n - `OVERHEAD` words. The words go into the system message: left out, the chat template puts a
fixed one in front, and every prompt would share its first 25 tokens or so.
"""

import random

WORDS = (
    "time year people way day man thing woman life child world school state family student group country problem "
    "hand part place case week company system program question work government number night point home water room "
    "mother area money story fact month lot right study book eye job word business issue side kind head house "
    "service friend father power hour game line end member law car city community name president team minute idea "
    "kid body information back parent face others level office door health person art war history party result "
    "change morning reason research girl guy moment air teacher force education foot boy age policy music market "
    "sense nation plan college interest death experience effect class control field development role effort rate "
    "heart drug show leader light voice wife police mind price report decision son view relationship town road arm "
    "difference value building action season society tax director position player record paper space ground form "
    "event official matter center couple site project activity star table need court oil situation cost industry "
    "figure street image phone data picture practice piece land product doctor wall patient worker news test movie "
    "north love step support technology"
).split()
QUESTION = "Go on."
OVERHEAD = 17  # tokens of the chat template and of QUESTION; every measurement checks it against the server's count


def messages(rng: random.Random, tokens: int) -> list[dict]:
    """Chat messages that the template turns into exactly `tokens` prompt tokens.

    `rng` is the measurement's own generator, so that the seed in its record repeats the prompts. Raises ValueError
    below 18 tokens, where no word would be left.
    """
    if tokens <= OVERHEAD:
        raise ValueError(f"a prompt of {tokens} tokens: the chat template alone takes {OVERHEAD}; ask for more")
    words = "".join(" " + rng.choice(WORDS) for _ in range(tokens - OVERHEAD))  # the space is part of the token
    return [{"role": "system", "content": words}, {"role": "user", "content": QUESTION}]


def chat(model: str, rng: random.Random, tokens: int, max_tokens: int) -> dict:
    """The JSON body of a streaming chat completion: greedy, exactly `max_tokens` out, the token count reported.

    `ignore_eos` is understood by both engines and makes the number of output tokens the workload's, not the model's.
    """
    return {
        "model": model, "messages": messages(rng, tokens), "max_tokens": max_tokens, "temperature": 0,
        "ignore_eos": True, "stream": True, "stream_options": {"include_usage": True},
    }
