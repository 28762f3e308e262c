"""Writes Qwen's tokenizer into a model folder: `python qwen_vocabulary.py QWEN_TIKTOKEN FOLDER`, in an engine's interpreter.

QWEN_TIKTOKEN is the list of byte sequences that the package dashscope carries, 151,643 of them. The pattern that cuts a text
into words and the three control tokens behind the list are those that Qwen published for its models since the second. Further
control tokens of Qwen3 are left out, since no text here has them: their places are empty, as those behind them are in Qwen3.
"""

import sys
from pathlib import Path

from tokenizers import normalizers
from transformers import PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import TikTokenConverter

WORDS = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def main(ranks: str, folder: str) -> None:
    made = TikTokenConverter(vocab_file=ranks, pattern=WORDS, extra_special_tokens=list(CONTROL)).converted()
    made.normalizer = normalizers.NFC()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.chat_template = (Path(folder) / "chat_template.jinja").read_text()  # ChatML, as Qwen3's is
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
