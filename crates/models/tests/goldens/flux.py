"""Goldens of FLUX.1-schnell from diffusers, transformers and gguf, at the versions pinned in
requirements-flux.txt.

    pip install -r requirements-flux.txt
    python flux.py [FOLDER [SEED]] [--full]
    SPLATSMITH_FLUX_GOLDENS=FOLDER cargo test -p models --test flux

writes to ../data/flux (or FOLDER):

- `flow`: directions and latents of every step, and the decoded picture, of a small network;
- `t5`: hidden states of a small encoder; `t5.gguf` is the same encoder packed by gguf under
  llama.cpp's names, with what transformers makes of the unpacked weights;
- `clip`: the pooled output of a small text half;
- `blocks.gguf` and `blocks`: blocks of random bytes and what gguf unpacks them to;
- `keys.json`: names and shapes of the published networks;
- `tokenizer.json` and `tokens.json`: a small tokenizer in the form of T5's, and what transformers cuts
  texts into with it.

Weights follow formula.py from the names, shapes and seed in the metadata. FLUX' own checkpoints bear
other names than diffusers' networks: diffusers' own conversion takes the one to the other, which also
proves the names.

`--full` writes other things, too large to keep: `full_flow`, `full_t5` and `full_decoder`, parts as wide as
the published ones, with their weights beside them and how long the references take with two threads.
`SPLATSMITH_MODELS_PYTHON=…/python cargo test -p models --test flux full -- --ignored --nocapture` does it.
"""

import argparse
import inspect
import io
import json
import textwrap
import time
from pathlib import Path

import gguf
import numpy as np
import sentencepiece
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxTransformer2DModel
from diffusers.loaders import single_file_utils
from diffusers.pipelines.flux import FluxPipeline
from safetensors.torch import load_file, save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast, T5Config, T5EncoderModel

from formula import fill, picture, weight
from texts import TEXTS

HERE = Path(__file__).parent
arguments = argparse.ArgumentParser()
arguments.add_argument("folder", nargs="?", default=HERE / "../data/flux", type=Path)
arguments.add_argument("seed", nargs="?", default=404, type=int)
arguments.add_argument("--full", action="store_true")
ARGUMENTS = arguments.parse_args()
FOLDER, SEED = ARGUMENTS.folder, ARGUMENTS.seed

SMALL = dict(in_channels=64, vec=20, context=48, hidden=64, heads=2, double=2, single=2)
SCHNELL = dict(in_channels=64, vec=768, context=4096, hidden=3072, heads=24, double=19, single=38)
SMALL_VAE = dict(ch=32, ch_mult=[1, 2, 2, 2], blocks=1, z=16)
PUBLISHED_VAE = dict(ch=128, ch_mult=[1, 2, 4, 4], blocks=2, z=16)
XXL = dict(vocab_size=32128, d_model=4096, d_kv=64, d_ff=10240, num_layers=24, num_heads=64)
SMALL_T5 = dict(vocab_size=256, d_model=64, d_kv=16, d_ff=96, num_layers=2, num_heads=3)
T5 = dict(feed_forward_proj="gated-gelu", dropout_rate=0.0, relative_attention_num_buckets=32,
          relative_attention_max_distance=128, layer_norm_epsilon=1e-6)


def save(name: str, tensors: dict, config: dict, weights: list) -> None:
    tensors = {key: value.detach().clone().contiguous() for key, value in tensors.items()}
    metadata = {"config": json.dumps(config), "weights": json.dumps(weights), "seed": str(SEED)}
    save_file(tensors, FOLDER / f"{name}.safetensors", metadata=metadata)


def linear(name: str, inputs: int, outputs: int) -> list:
    return [[f"{name}.weight", [outputs, inputs]], [f"{name}.bias", [outputs]]]


def flow_keys(c: dict) -> list:
    """The names of a checkpoint of FLUX.1-schnell."""
    width, head = c["hidden"], c["hidden"] // c["heads"]
    keys = linear("img_in", c["in_channels"], width) + linear("txt_in", c["context"], width)
    for name, inputs in [("time_in", 256), ("vector_in", c["vec"])]:
        keys += linear(f"{name}.in_layer", inputs, width) + linear(f"{name}.out_layer", width, width)
    norms = lambda name: [[f"{name}.{part}_norm.scale", [head]] for part in ("query", "key")]
    for index in range(c["double"]):
        for half in ("img", "txt"):
            name = f"double_blocks.{index}.{half}"
            keys += linear(f"{name}_mod.lin", width, 6 * width)
            keys += linear(f"{name}_attn.qkv", width, 3 * width) + norms(f"{name}_attn.norm")
            keys += linear(f"{name}_attn.proj", width, width)
            keys += linear(f"{name}_mlp.0", width, 4 * width) + linear(f"{name}_mlp.2", 4 * width, width)
    for index in range(c["single"]):
        name = f"single_blocks.{index}"
        keys += linear(f"{name}.linear1", width, 7 * width) + linear(f"{name}.linear2", 5 * width, width)
        keys += norms(f"{name}.norm") + linear(f"{name}.modulation.lin", width, 3 * width)
    keys += linear("final_layer.adaLN_modulation.1", width, 2 * width)
    return keys + linear("final_layer.linear", width, c["in_channels"])


def flow_network(c: dict) -> FluxTransformer2DModel:
    head = c["hidden"] // c["heads"]
    return FluxTransformer2DModel(
        patch_size=1, in_channels=c["in_channels"], num_layers=c["double"],
        num_single_layers=c["single"], attention_head_dim=head, num_attention_heads=c["heads"],
        joint_attention_dim=c["context"], pooled_projection_dim=c["vec"], guidance_embeds=False,
        axes_dims_rope=(head // 8, head // 16 * 7, head // 16 * 7))


def converted_flow(state: dict, width: int) -> dict:
    """diffusers' own conversion, in which the width is written down."""
    source = inspect.getsource(single_file_utils.convert_flux_transformer_checkpoint_to_diffusers)
    assert source.count("inner_dim = 3072") == 1
    space = dict(vars(single_file_utils))
    exec(textwrap.dedent(source.replace("inner_dim = 3072", f"inner_dim = {width}")), space)
    return space["convert_flux_transformer_checkpoint_to_diffusers"](dict(state))


def conv(name: str, inputs: int, outputs: int, side: int) -> list:
    return [[f"{name}.weight", [outputs, inputs, side, side]], [f"{name}.bias", [outputs]]]


def norm(name: str, width: int) -> list:
    return [[f"{name}.weight", [width]], [f"{name}.bias", [width]]]


def resnet(name: str, inputs: int, outputs: int) -> list:
    keys = norm(f"{name}.norm1", inputs) + conv(f"{name}.conv1", inputs, outputs, 3)
    keys += norm(f"{name}.norm2", outputs) + conv(f"{name}.conv2", outputs, outputs, 3)
    return keys + (conv(f"{name}.nin_shortcut", inputs, outputs, 1) if inputs != outputs else [])


def middle(name: str, width: int) -> list:
    keys = resnet(f"{name}.mid.block_1", width, width) + norm(f"{name}.mid.attn_1.norm", width)
    for part in ("q", "k", "v", "proj_out"):
        keys += conv(f"{name}.mid.attn_1.{part}", width, width, 1)
    return keys + resnet(f"{name}.mid.block_2", width, width)


def decoder_keys(c: dict) -> list:
    widths = [c["ch"] * factor for factor in c["ch_mult"]]
    width = widths[-1]
    keys = conv("decoder.conv_in", c["z"], width, 3) + middle("decoder", width)
    for level in reversed(range(len(widths))):
        for block in range(c["blocks"] + 1):
            keys += resnet(f"decoder.up.{level}.block.{block}", width, widths[level])
            width = widths[level]
        if level:
            keys += conv(f"decoder.up.{level}.upsample.conv", width, width, 3)
    return keys + norm("decoder.norm_out", width) + conv("decoder.conv_out", width, 3, 3)


def encoder_keys(c: dict) -> list:
    widths = [c["ch"] * factor for factor in c["ch_mult"]]
    width = c["ch"]
    keys = conv("encoder.conv_in", 3, width, 3)
    for level in range(len(widths)):
        for block in range(c["blocks"]):
            keys += resnet(f"encoder.down.{level}.block.{block}", width, widths[level])
            width = widths[level]
        if level + 1 < len(widths):
            keys += conv(f"encoder.down.{level}.downsample.conv", width, width, 3)
    keys += middle("encoder", width) + norm("encoder.norm_out", width)
    return keys + conv("encoder.conv_out", width, 2 * c["z"], 3)


def autoencoder(c: dict) -> AutoencoderKL:
    levels = len(c["ch_mult"])
    return AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * levels, up_block_types=["UpDecoderBlock2D"] * levels,
        block_out_channels=[c["ch"] * factor for factor in c["ch_mult"]], layers_per_block=c["blocks"],
        latent_channels=c["z"], norm_num_groups=32, use_quant_conv=False, use_post_quant_conv=False,
        scaling_factor=0.3611, shift_factor=0.1159, force_upcast=True)


def formula_state(keys: list) -> dict:
    return {name: weight(name, tuple(shape), SEED) for name, shape in keys}


def proven(keys: list, convert, network) -> None:
    """Holds that a checkpoint of these names is all that the network wants."""
    state = {name: torch.empty(shape, device="meta") for name, shape in keys}
    found = {name: list(value.shape) for name, value in convert(state).items()}
    wanted = {name: list(value.shape) for name, value in network.state_dict().items()}
    assert found == wanted, set(found) ^ set(wanted)


def published_keys() -> None:
    with torch.device("meta"):
        flow, vae = flow_network(SCHNELL), autoencoder(PUBLISHED_VAE)
        t5 = T5EncoderModel(T5Config(**XXL, **T5))
    keys = {"flow": flow_keys(SCHNELL), "decoder": decoder_keys(PUBLISHED_VAE)}
    proven(keys["flow"], lambda state: converted_flow(state, SCHNELL["hidden"]), flow)
    both = encoder_keys(PUBLISHED_VAE) + keys["decoder"]
    proven(both, lambda state: single_file_utils.convert_ldm_vae_checkpoint(state, vae.config), vae)
    # The published files hold the embedding once.
    keys["t5"] = [[name, list(value.shape)] for name, value in t5.state_dict().items()
                  if name != "encoder.embed_tokens.weight"]
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.T5ENCODER, XXL["num_layers"])
    keys["t5_gguf"] = [[name, names.get_name(name, try_suffixes=(".weight",))] for name, _ in keys["t5"]]
    assert all(packed for _, packed in keys["t5_gguf"])
    (FOLDER / "keys.json").write_text(json.dumps(keys, separators=(",", ":")).replace("],[", "],\n[") + "\n")


def flow() -> None:
    keys, vae_keys = flow_keys(SMALL), encoder_keys(SMALL_VAE) + decoder_keys(SMALL_VAE)
    network, vae = flow_network(SMALL).eval(), autoencoder(SMALL_VAE).eval()
    network.load_state_dict(converted_flow(formula_state(keys), SMALL["hidden"]))
    vae.load_state_dict(single_file_utils.convert_ldm_vae_checkpoint(formula_state(vae_keys), vae.config))
    # Where seed 7 begins, as the program draws it: the ignored test `writes_the_noise` makes the file.
    noise = load_file(HERE / "../data/flux/noise.safetensors")["noise"]
    height, width, steps = 64, 96, 4
    rows, columns = height // 16, width // 16
    text, pooled = picture("text", (1, 256, 48), SEED) * 4 - 2, picture("pooled", (1, 20), SEED) * 4 - 2
    ids = FluxPipeline._prepare_latent_image_ids(1, rows, columns, "cpu", torch.float32)
    # FLUX.1-schnell's scheduler/scheduler_config.json, and what the pipeline asks of it.
    scheduler = FlowMatchEulerDiscreteScheduler(
        num_train_timesteps=1000, shift=1.0, use_dynamic_shifting=False, base_shift=0.5, max_shift=1.15,
        base_image_seq_len=256, max_image_seq_len=4096)
    schedules = {}
    for count in range(1, 13):
        scheduler.set_timesteps(sigmas=np.linspace(1.0, 1 / count, count))
        schedules[count] = scheduler.sigmas.tolist()
    scheduler.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps))
    latent, kept = noise, {}
    for index, time in enumerate(scheduler.timesteps):
        direction = network(hidden_states=latent, timestep=time.expand(1) / 1000, guidance=None,
                            pooled_projections=pooled, encoder_hidden_states=text,
                            txt_ids=torch.zeros(256, 3), img_ids=ids, return_dict=False)[0]
        latent = scheduler.step(direction, time, latent, return_dict=False)[0]
        kept |= {f"out.direction_{index}": direction, f"out.latent_{index}": latent}
    unpacked = FluxPipeline._unpack_latents(latent, height, width, 8)
    decoded = vae.decode(unpacked / 0.3611 + 0.1159, return_dict=False)[0]
    pixels = ((decoded / 2 + 0.5).clamp(0, 1)[0].permute(1, 2, 0) * 255).round().to(torch.uint8)
    save("flow", kept | {"in.text": text, "in.pooled": pooled, "in.noise": noise, "out.unpacked": unpacked,
                         "out.decoded": decoded, "out.pixels": pixels},
         {"schedules": schedules, "flow": SMALL, "autoencoder": SMALL_VAE}, keys + vae_keys)


def t5() -> None:
    model = T5EncoderModel(T5Config(**SMALL_T5, **T5)).eval()
    weights = [pair for pair in fill(model, SEED) if pair[0] != "encoder.embed_tokens.weight"]
    model.encoder.embed_tokens.weight = model.shared.weight
    with torch.no_grad():
        model.shared.weight.copy_(weight("shared.weight", (256, 64), SEED))
    ids = (picture("t5", (1, 256), SEED) * 255).long()
    ids[0, 200:] = 0
    hidden = model(input_ids=ids).last_hidden_state
    # The same network, packed as llama.cpp packs it: matrices in blocks, the rest in single precision.
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.T5ENCODER, SMALL_T5["num_layers"])
    writer = gguf.GGUFWriter(FOLDER / "t5.gguf", "t5encoder")
    state = {name: value for name, value in model.state_dict().items() if not name.startswith("encoder.embed")}
    q8 = gguf.GGMLQuantizationType.Q8_0
    for name, value in state.items():
        value, kind = value.numpy(), gguf.GGMLQuantizationType.F32
        if value.ndim == 2 and "relative" not in name:
            kind = q8 if value.shape[1] % 32 == 0 else gguf.GGMLQuantizationType.F16
        packed = gguf.quants.quantize(value, kind)
        state[name].copy_(torch.from_numpy(gguf.quants.dequantize(packed, kind).astype(np.float32)))
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), packed, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    packed = model(input_ids=ids).last_hidden_state
    save("t5", {"in.tokens": ids, "out.hidden": hidden, "out.hidden_packed": packed}, SMALL_T5, weights)


def clip() -> None:
    config = dict(vocab_size=99, hidden_size=64, intermediate_size=96, num_hidden_layers=2,
                  num_attention_heads=1, max_position_embeddings=77, hidden_act="quick_gelu",
                  eos_token_id=2, bos_token_id=0, projection_dim=20)
    model = CLIPTextModel(CLIPTextConfig(**config)).eval()
    bare = lambda name: name if name.startswith("text_model.") else f"text_model.{name}"
    weights = []
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(weight(bare(name), tuple(parameter.shape), SEED))
            weights.append([bare(name), list(parameter.shape)])
    # Padded with the end mark, as FLUX' pipeline does it.
    ids = 1 + (picture("clip", (1, 77), SEED) * 255).long() % 97
    ids[0, 9:] = 98
    pooled = model(input_ids=ids).pooler_output
    save("clip", {"in.tokens": ids, "out.pooled": pooled}, config,
         weights + [["text_projection.weight", [20, 64]]])


def blocks() -> None:
    generator = np.random.default_rng(SEED)
    writer, expected = gguf.GGUFWriter(FOLDER / "blocks.gguf", "none"), {}
    # Values of every kind, which a reader must know to pass over.
    writer.add_array("some.texts", ["a", "bc", ""])
    writer.add_array("some.numbers", [1, 2, 3])
    writer.add_float64("some.number", 0.5)
    writer.add_bool("some.truth", True)
    for kind in ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "BF16", "F16"):
        kind = gguf.GGMLQuantizationType[kind]
        length, size = gguf.GGML_QUANT_SIZES[kind]
        packed = generator.integers(0, 256, (2, 512 // length * size), dtype=np.uint8)
        if size == 2:
            packed = generator.standard_normal((2, 512)).astype(np.float16).view(np.uint8)
        unpacked = gguf.quants.dequantize(packed, kind).astype(np.float32)
        # Scales are half floats, and random ones are often no numbers.
        while not np.isfinite(unpacked).all() or np.abs(unpacked).max() > 1e6:
            bad = ~np.isfinite(unpacked) | (np.abs(unpacked) > 1e6)
            for row, column in {(int(r), int(c) // length) for r, c in np.argwhere(bad)}:
                part = slice(column * size, (column + 1) * size)
                packed[row, part] = generator.integers(0, 256, size, dtype=np.uint8)
            unpacked = gguf.quants.dequantize(packed, kind).astype(np.float32)
        writer.add_tensor(kind.name, packed, raw_dtype=kind)
        expected[f"out.{kind.name}"] = torch.from_numpy(unpacked)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save("blocks", expected, {}, [])


def tokenizer() -> None:
    """A small vocabulary in the form of T5's published file (transformers `T5Converter`)."""
    said = [text for text in TEXTS if text.strip()] + [
        "a purple elephant with golden tusks", "one whole object alone, centred, fully in view",
        "plain light gray background, soft even studio light", "sharp detail, three-quarter view"] * 20
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(said), model_writer=model, vocab_size=200, model_type="unigram",
        normalization_rule_name="nmt_nfkc", pad_id=0, eos_id=1, unk_id=2, bos_id=-1, hard_vocab_limit=False,
        byte_fallback=False, num_threads=1, minloglevel=2)
    from sentencepiece import sentencepiece_model_pb2 as schema
    proto = schema.ModelProto.FromString(model.getvalue())
    pieces = [(piece.piece, piece.score) for piece in proto.pieces]
    built = Tokenizer(models.Unigram(pieces, unk_id=2, byte_fallback=False))
    built.normalizer = normalizers.Sequence([
        normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap),
        normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁")])
    built.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    built.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    built.post_processor = processors.TemplateProcessing(
        single=["$A", "</s>"], pair=["$A", "</s>", "$B", "</s>"], special_tokens=[("</s>", 1)])
    built.add_special_tokens(["<pad>", "</s>", "<unk>"])
    built.save(str(FOLDER / "tokenizer.json"), pretty=False)
    reference = PreTrainedTokenizerFast(tokenizer_file=str(FOLDER / "tokenizer.json"), eos_token="</s>",
                                        pad_token="<pad>", unk_token="<unk>")
    texts = list(TEXTS)[::7] + ["purple elephant " * 100, "ﬁne ½ Ａ  two   spaces ", "</s> in the midst"]
    cut = []
    for text in texts:
        ids = reference(text, padding="max_length", max_length=256, truncation=True)["input_ids"]
        assert len(ids) == 256
        # What is padded with zeros is left out.
        cut.append([text, ids[: ids.index(1) + 1 if 1 in ids else 256]])
    cut[-1][1] = reference(texts[-1], padding=False, truncation=True, max_length=256)["input_ids"]
    (FOLDER / "tokens.json").write_text(json.dumps(cut, ensure_ascii=False) + "\n")


def timed(name: str, inputs: dict, weights: dict, compute) -> None:
    save_file({key: value.contiguous() for key, value in weights.items()},
              FOLDER / f"{name}_weights.safetensors")
    begun = time.monotonic()
    found = compute()
    save(name, inputs | {"out.found": found}, {"seconds": time.monotonic() - begun}, [])


def full_flow() -> None:
    """One block of each kind, on what 512² pixels and a text are."""
    c, tokens = SCHNELL | dict(double=1, single=1), 32
    weights = formula_state(flow_keys(c))
    with torch.device("meta"):
        network = flow_network(c).eval()
    network.load_state_dict(converted_flow(weights, c["hidden"]), assign=True)
    # Computed from the configuration, and so not in any checkpoint.
    network.pos_embed = flow_network(c | dict(double=0, single=0)).pos_embed
    network.time_text_embed.time_proj = flow_network(c | dict(double=0, single=0)).time_text_embed.time_proj
    latent = picture("latent", (1, tokens * tokens, 64), SEED) * 4 - 2
    text, pooled = picture("text", (1, 256, 4096), SEED) * 4 - 2, picture("pooled", (1, 768), SEED) * 4 - 2
    ids = FluxPipeline._prepare_latent_image_ids(1, tokens, tokens, "cpu", torch.float32)
    timed("full_flow", {"in.latent": latent, "in.text": text, "in.pooled": pooled}, weights,
          lambda: network(hidden_states=latent, timestep=torch.tensor([0.75]), guidance=None,
                          pooled_projections=pooled, encoder_hidden_states=text, txt_ids=torch.zeros(256, 3),
                          img_ids=ids, return_dict=False)[0])


def full_t5() -> None:
    """One block of T5-XXL."""
    model = T5EncoderModel(T5Config(**XXL | dict(num_layers=1), **T5)).eval()
    fill(model, SEED)
    model.encoder.embed_tokens.weight = model.shared.weight
    ids = (picture("t5", (1, 256), SEED) * 32127).long()
    ids[0, 200:] = 0
    weights = {name: value for name, value in model.state_dict().items() if not name.startswith("encoder.embed")}
    timed("full_t5", {"in.tokens": ids}, weights, lambda: model(input_ids=ids).last_hidden_state)


def full_decoder() -> None:
    """The published autoencoder's way to 512² pixels."""
    weights = formula_state(encoder_keys(PUBLISHED_VAE) + decoder_keys(PUBLISHED_VAE))
    vae = autoencoder(PUBLISHED_VAE).eval()
    vae.load_state_dict(single_file_utils.convert_ldm_vae_checkpoint(dict(weights), vae.config))
    latent = picture("latent", (1, 16, 64, 64), SEED) * 4 - 2
    timed("full_decoder", {"in.latent": latent}, weights,
          lambda: vae.decode(latent / 0.3611 + 0.1159, return_dict=False)[0])


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(2 if ARGUMENTS.full else 1)
    parts = (full_flow, full_t5, full_decoder) if ARGUMENTS.full else (
        published_keys, t5, clip, blocks, tokenizer, flow)
    with torch.no_grad():
        for make in parts:
            make()
