"""Whole pipelines of TRELLIS on small random weights: a folder as the published repositories are laid
out, loaded and run by the reference's own pipeline classes.

Of the weights only those are kept that no formula gives: the networks' tables, and the one bias that
decides how many voxels are occupied. They are named `FILE:TENSOR`.
"""

import contextlib
import json
import os
import tempfile
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizer
from transformers import Dinov2WithRegistersConfig, Dinov2WithRegistersModel

import trellis_reference
from formula import cut_out, weight

HERE = Path(__file__).parent
FAMILIES = ["pipeline_image", "pipeline_text"]
DINO, CLIP = "dinov2_vitl14_reg", "clip-vit-large-patch14"
PROMPT = "a small wooden boat with a red sail, low-poly"
IMAGE = (150, 110, 70, 12, -8)
WIDTH = 64
# The part of the voxels that is to be occupied.
OCCUPIED = 0.06
# No logit may be nearer to 0 than this part of what is usual, or rounding could decide over a voxel.
MARGIN = 1e-3

STRUCTURE = dict(steps=6, cfg_strength=4.0, cfg_interval=[0.5, 1.0], rescale_t=3.0)
LATENT = dict(steps=5, cfg_strength=3.0, cfg_interval=[0.5, 0.95], rescale_t=2.0)
NORMALISATION = dict(mean=[-2.2, -0.1, 0.3, 1.1, -0.5], std=[2.4, 0.7, 1.3, 2.1, 0.9])
NETWORKS = {
    "sparse_structure_decoder": ("ss_dec", "SparseStructureDecoder", dict(
        out_channels=1, latent_channels=4, num_res_blocks=1, num_res_blocks_middle=1, channels=[24, 16, 8])),
    "sparse_structure_flow_model": ("ss_flow", "SparseStructureFlowModel", dict(
        resolution=4, in_channels=4, out_channels=4, model_channels=48, cond_channels=WIDTH, num_blocks=2, num_heads=3,
        mlp_ratio=4, patch_size=1, pe_mode="ape", qk_rms_norm=True)),
    "slat_decoder_gs": ("slat_dec_gs", "ElasticSLatGaussianDecoder", dict(
        resolution=16, model_channels=48, latent_channels=5, num_blocks=2, num_heads=3, mlp_ratio=4, attn_mode="swin",
        window_size=8, representation_config=dict(
            lr=dict(_xyz=1.0, _features_dc=1.0, _opacity=1.0, _scaling=1.0, _rotation=0.1), perturb_offset=True,
            voxel_size=1.5, num_gaussians=4, scaling_bias=0.004, opacity_bias=0.1, scaling_activation="softplus",
            **{"2d_filter_kernel_size": 0.1, "3d_filter_kernel_size": 0.0009}))),
    "slat_flow_model": ("slat_flow", "ElasticSLatFlowModel", dict(
        resolution=16, in_channels=5, out_channels=5, model_channels=48, cond_channels=WIDTH, num_blocks=2, num_heads=3,
        mlp_ratio=4, patch_size=2, num_io_res_blocks=2, io_block_channels=[16], pe_mode="ape", qk_rms_norm=True)),
}


def formula_weights(case, file: str, shapes: dict, kept: dict = {}) -> dict:
    """The tensors of a file: `shapes` names each with one that has its shape and type."""
    tensors = {}
    for key, like in shapes.items():
        name = f"{file}:{key}"
        if key in kept:
            case.tensors[f"w.{name}"] = kept[key]
            tensors[key] = kept[key].contiguous()
            continue
        half = ["F16"] if like.dtype == torch.float16 else []
        case.weights.append([name, list(like.shape), *half])
        tensors[key] = weight(name, tuple(like.shape), case.seed).to(like.dtype)
    return tensors


def networks(case, folder: Path) -> dict:
    """Writes each network's `.json` and `.safetensors`; returns where `pipeline.json` says they are."""
    from trellis import models

    (folder / "ckpts").mkdir()
    for file, kind, args in NETWORKS.values():
        args = {**args, "use_fp16": True}
        network = getattr(models, kind)(**args)
        kept = dict(network.named_buffers())
        tensors = formula_weights(case, f"ckpts/{file}.safetensors", network.state_dict(), kept)
        save_file(tensors, folder / f"ckpts/{file}.safetensors")
        (folder / f"ckpts/{file}.json").write_text(json.dumps({"name": kind, "args": args}, indent=4))
        case.config[f"ckpts/{file}.json"] = {"name": kind, "args": args}
    return {key: f"ckpts/{file}" for key, (file, *_) in NETWORKS.items()}


class Dino(torch.nn.Module):
    """transformers' DINOv2 as the hub's is asked, with the hub's names in its file; on these weights the hub's
    own code gives the same to the last bit."""

    def __init__(self, case, folder: Path):
        super().__init__()
        config = Dinov2WithRegistersConfig(hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=1,
                                           image_size=518, patch_size=14, num_register_tokens=4)
        self.network = Dinov2WithRegistersModel(config).eval()
        own = self.network.state_dict()
        joined = {key: torch.cat([own[name] for name in names]) for key, names in self.names(own).items()}
        # Positions are small in trained networks too, and they are many: one row of numbers for all.
        tensors = formula_weights(case, f"{DINO}.safetensors", joined)
        save_file(tensors, folder / f"{DINO}.safetensors")
        for key, names in self.names(own).items():
            for name, part in zip(names, tensors[key].chunk(len(names))):
                own[name] = part
        self.network.load_state_dict(own)

    @staticmethod
    def names(own: dict) -> dict:
        """Of the hub's names, which of transformers' they stand for."""
        hubs = {"embeddings.position_embeddings": "pos_embed", "embeddings.patch_embeddings.projection": "patch_embed.proj",
                "embeddings.": "", "layernorm": "norm", "encoder.layer.": "blocks.", "layers.": "blocks.",
                "attention.attention.": "attn.", "attention.output.dense": "attn.proj", "attention.o_proj": "attn.proj",
                "attention.": "attn.", "layer_scale1.lambda1": "ls1.gamma", "layer_scale2.lambda1": "ls2.gamma",
                "query": "qkv", "key": "qkv", "value": "qkv", "q_proj": "qkv", "k_proj": "qkv", "v_proj": "qkv"}
        named: dict = {}
        for name in own:
            hub = name
            for part, other in hubs.items():
                hub = hub.replace(part, other)
            named.setdefault(hub, []).append(name)
        return named

    def forward(self, image: torch.Tensor, is_training: bool) -> dict:
        seen = []
        hook = self.network.layernorm.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        self.network(image)
        hook.remove()
        return {"x_prenorm": seen[0]}


def clip(case, folder: Path) -> None:
    """A small CLIP as it is published, with the first merges of the true vocabulary."""
    folder = folder / CLIP
    lines = (HERE / "../data/merges.txt").read_text().split("\n")[1:]
    merges = [tuple(line.split()) for line in lines if line]
    letters = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(c) for c in letters] + [chr(256 + n) for n in range(256 - len(letters))]
    words = letters + [f"{letter}</w>" for letter in letters] + ["".join(pair) for pair in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=merges)
    tokenizer.save_pretrained(folder)
    config = CLIPTextConfig(vocab_size=len(words), hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=2,
                            num_attention_heads=1, max_position_embeddings=77, hidden_act="quick_gelu", projection_dim=WIDTH,
                            bos_token_id=len(words) - 2, eos_token_id=len(words) - 1)
    config.architectures = ["CLIPTextModel"]
    network = CLIPTextModelWithProjection(config)
    shapes = {key: value for key, value in network.state_dict().items() if not key.endswith("position_ids")}
    assert all(key.startswith(("text_model.", "text_projection.")) for key in shapes), list(shapes)
    save_file(formula_weights(case, f"{CLIP}/model.safetensors", shapes), folder / "model.safetensors",
              metadata={"format": "pt"})
    config.save_pretrained(folder)


@contextlib.contextmanager
def noted(pipeline, case):
    """What the stages draw and hand on is kept with the case."""
    drawn, logits, truly = [], [], torch.randn
    torch.randn = lambda *shape: drawn.append(truly(*shape)) or drawn[-1]
    hook = pipeline.models["sparse_structure_decoder"].register_forward_hook(lambda *call: logits.append((*call[1], call[2])))
    latent = pipeline.models["slat_decoder_gs"].register_forward_pre_hook(lambda _, given: case.output("latent", given[0].feats))
    yield drawn, logits
    torch.randn = truly
    hook.remove()
    latent.remove()


def load(case, folder: Path):
    """The reference's pipeline out of its folder."""
    from trellis import pipelines

    image = case.name == "pipeline_image"
    if image:
        dino = Dino(case, folder)
        torch.hub.load = lambda repository, name, pretrained: dino
        condition = {"image_cond_model": DINO}
    else:
        clip(case, folder)
        condition = {"text_cond_model": CLIP}
    sampler = "FlowEulerGuidanceIntervalSampler"
    case.config["pipeline.json"] = {
        "name": "TrellisImageTo3DPipeline" if image else "TrellisTextTo3DPipeline",
        "args": {
            "models": networks(case, folder),
            "sparse_structure_sampler": {"name": sampler, "args": {"sigma_min": 1e-5}, "params": STRUCTURE},
            "slat_sampler": {"name": sampler, "args": {"sigma_min": 1e-5}, "params": LATENT},
            "slat_normalization": NORMALISATION, **condition}}
    (folder / "pipeline.json").write_text(json.dumps(case.config["pipeline.json"], indent=4))
    pipeline = pipelines.from_pretrained(".")
    for network in pipeline.models.values():
        trellis_reference.evaluate(trellis_reference.in_single_precision(network))
    return pipeline


def sparse_enough(case, pipeline, logits: list, seed: int) -> None:
    """Moves the decoder's bias so that few voxels are occupied, as in trained networks."""
    torch.manual_seed(seed)
    pipeline.sample_sparse_structure(pipeline.cond)
    bias = pipeline.models["sparse_structure_decoder"].out_layer[2].bias
    bias -= round(logits[-1][1].quantile(1.0 - OCCUPIED).item(), 3)
    case.tensors["w.ckpts/ss_dec.safetensors:out_layer.2.bias"] = bias
    case.weights = [row for row in case.weights if row[0] != "ckpts/ss_dec.safetensors:out_layer.2.bias"]


def run(case, pipeline) -> None:
    if case.name == "pipeline_image":
        asked = Image.fromarray(cut_out(*IMAGE, case.seed))
        pipeline.cond = pipeline.get_cond([pipeline.preprocess_image(asked)])
        case.config["image"] = IMAGE
    else:
        asked = PROMPT
        pipeline.cond = pipeline.get_cond([PROMPT])
        case.config["text"] = PROMPT
        case.output("negative", pipeline.cond["neg_cond"])
    case.output("condition", pipeline.cond["cond"][:, ::29])
    with noted(pipeline, case) as (drawn, logits):
        sparse_enough(case, pipeline, logits, case.seed)
        for seed in range(case.seed, case.seed + 1000):
            torch.manual_seed(seed)
            pipeline.sample_sparse_structure(pipeline.cond)
            if logits[-1][1].abs().min() > MARGIN * logits[-1][1].square().mean().sqrt():
                break
        else:
            raise SystemExit("no noise leaves every voxel clearly occupied or free")
        drawn.clear()
        cloud = pipeline.run(asked, seed=seed, formats=["gaussian"])["gaussian"][0]
    case.given("noise_structure", drawn[0])
    case.given("noise_latent", drawn[1])
    structure, found = logits[-1]
    case.output("structure", structure)
    case.output("coords", torch.argwhere(found > 0)[:, 2:].int())
    for key, value in trellis_reference.written(cloud, Path(".")).items():
        case.output(key, value)


def make(case) -> None:
    home = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        # The name of a text model is its place too.
        os.chdir(folder)
        try:
            run(case, load(case, Path(folder)))
        finally:
            os.chdir(home)
