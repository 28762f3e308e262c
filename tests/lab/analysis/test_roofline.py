"""Floors, against numbers worked out by hand for a model small enough to count."""

import json

import pytest

from experiments.lab.analysis import roofline
from experiments.lab.analysis.roofline import Shape
from experiments.lab.host import model_folders

TOY = Shape(hidden=4, intermediate=8, layers=2, heads=2, kv_heads=1, head_dim=2, vocabulary=10)
# One layer: q and o 4x4 each, k and v 4x2 each = 48; gate, up, down 3 x 4x8 = 96. Both layers 288, the head 4x10 = 40.
WEIGHTS = 2 * 144 + 40


def test_weights_and_cache_are_counted_by_hand():
    assert TOY.layer_weights() == 144
    assert roofline.weight_bytes(TOY) == 2 * WEIGHTS == 656
    # a token: key and value, 2 layers, 1 KV head, 2 numbers of 2 bytes
    assert roofline.kv_bytes(TOY, 1) == 16 and roofline.kv_bytes(TOY, 100) == 1600
    assert roofline.kv_bytes(TOY, 100, bytes_each=1) == 800


def test_the_published_shape_takes_what_is_known_of_it():
    shape = Shape.from_config(model_folders.QWEN3_8B)
    assert roofline.kv_bytes(shape, 1) == 144 * 1024  # 36 layers, 8 heads of 128, keys and values in bf16
    # 8.19e9 parameters less the input embedding of 151936 x 4096, which is looked up and not multiplied
    assert roofline.weight_bytes(shape) / 2 == pytest.approx(8.19e9 - 151936 * 4096, rel=0.001)


def test_a_decode_step_reads_the_weights_and_the_cache():
    # 656 B of weights + 1600 B of cache = 2256 B; at 1 GB/s 2.256 us
    assert roofline.decode_floor_ms(TOY, 100, gb_per_s=1) == pytest.approx(0.002256)
    assert roofline.decode_floor_ms(TOY, 0, gb_per_s=0.656) == pytest.approx(0.001)


def test_the_flop_of_a_step_are_those_of_its_chunk_and_its_decodes():
    # Chunk of 3 behind 5: 2*3*288 = 1728 in the layers; pairs 3*5 + 3*4/2 = 21 at 4*2*2*2 = 32 FLOP each = 672;
    # logits of one token 2*40 = 80.
    chunk = 1728 + 672 + 80
    # A decode with 7 tokens in the cache: 2*288 = 576; 8 pairs at 32 = 256; 80.
    decode = 576 + 256 + 80
    assert roofline.step_flop(TOY, 3, 5) == chunk == 2480
    assert roofline.step_flop(TOY, 0, 0, [7, 7]) == 2 * decode == 1824
    assert roofline.step_flop(TOY, 3, 5, [7, 7]) == chunk + 2 * decode


def test_a_mixed_step_takes_the_larger_of_computing_and_reading():
    # 2480 + 1824 = 4304 FLOP; 656 B + 16 * (5 + 14) = 960 B
    slow_card = roofline.mixed_floor_ms(TOY, 3, 5, [7, 7], tflop_per_s=1e-9, gb_per_s=1)  # 1000 FLOP/s
    assert slow_card == pytest.approx(4304.0)
    slow_memory = roofline.mixed_floor_ms(TOY, 3, 5, [7, 7], tflop_per_s=1, gb_per_s=1e-6)  # 1000 B/s
    assert slow_memory == pytest.approx(960.0)
    assert roofline.mixed_floor_ms(TOY, 0, 0, [7, 7], 1e9, 1e-6) == roofline.decode_floor_ms(TOY, 14, 1e-6)


def test_a_configuration_is_read_as_the_engine_reads_it():
    config = json.loads(json.dumps(model_folders.QWEN3_8B))
    del config["head_dim"]
    assert Shape.from_config(config).head_dim == 128
