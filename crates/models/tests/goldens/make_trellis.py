"""Goldens of TRELLIS from its own code, for what the shared ones leave open: wide heads, shared
modulation, odd shapes and windows, structures of one voxel, all kinds of sampling, half precision, and
(trellis_pipeline.py) whole pipelines.

    pip install -r trellis-requirements.txt
    git clone https://github.com/microsoft/TRELLIS   # of its submodules nothing is needed
    python make_trellis.py --trellis CHECKOUT [--into FOLDER] [--seed N] [--full]

writes to ../data/trellis (or FOLDER) `in.*` and `out.*` of each case. Weights follow formula.py from the
names, shapes and seed in the metadata, rounded to f16 where the checkpoints are. Outputs are computed
in f32 from those; `half` in the configuration is how far the reference's own f16 path is from that, as a
part of the root mean square.
`SPLATSMITH_TRELLIS=CHECKOUT SPLATSMITH_MODELS_PYTHON=…/python cargo test -p models --test trellis
seeds` tries other seeds; with `-- --ignored` after it, networks as wide as the published ones (`--full`) on
an asset's voxels, whose outputs are too large to keep.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

import trellis_pipeline
import trellis_reference
from formula import cut_out, fill, noise, picture
from trellis_reference import written

HERE = Path(__file__).parent


class Case:
    """One golden in the making."""

    def __init__(self, name: str, config: dict, folder: Path, seed: int):
        self.name, self.config, self.folder, self.seed = name, config, folder, seed
        self.tensors, self.weights = {}, []

    def input(self, key: str, *shape: int) -> torch.Tensor:
        return self.given(key, picture(f"{self.name}/{key}", shape, self.seed) * 4.0 - 2.0)

    def given(self, key: str, value: torch.Tensor) -> torch.Tensor:
        self.tensors[f"in.{key}"] = value
        return value

    def output(self, key: str, value: torch.Tensor) -> None:
        self.tensors[f"out.{key}"] = value

    def network(self, kind: str) -> torch.nn.Module:
        """The reference's network of the case's configuration, its weights as published: mixed."""
        from trellis import models

        network = getattr(models, kind)(**self.config, use_fp16=True)
        self.weights = fill(network, self.seed)
        for name, buffer in network.named_buffers():
            self.tensors[f"w.{name}"] = buffer
        return trellis_reference.evaluate(network)

    def both(self, network: torch.nn.Module, run) -> None:
        """Runs it in half precision and in single, keeps the latter and their distance; what is large, in
        single alone."""
        half = None if self.name.startswith("full_") else run(network)
        single = run(trellis_reference.in_single_precision(network))
        for key, value in single.items():
            self.output(key, value)
        if half is None:
            return
        apart = [(half[key].float() - value).abs().max() / value.square().mean().sqrt() for key, value in single.items()]
        self.config["half"] = max(part.item() for part in apart)

    def save(self) -> None:
        tensors = {key: value.detach().clone().contiguous() for key, value in self.tensors.items()}
        metadata = {"config": json.dumps(self.config), "weights": json.dumps(self.weights), "seed": str(self.seed)}
        path = self.folder / f"{self.name}.safetensors"
        save_file(tensors, path, metadata=metadata)
        half = f"; f16 is {self.config['half']:.1e} from f32" if "half" in self.config else ""
        print(f"{self.name}: {path.stat().st_size} bytes{half}")


# --- The dense networks.

DITS = {
    # Heads 80 wide as in text-xlarge, norms in both attentions; an odd grid; zeros end the positions.
    "flow_wide": (3, dict(resolution=5, in_channels=6, out_channels=7, model_channels=160, cond_channels=40,
                          num_blocks=2, num_heads=2, patch_size=1, qk_rms_norm=True, qk_rms_norm_cross=True)),
    # One modulation for all blocks, patches, heads by their width, no norms.
    "flow_shared": (2, dict(resolution=6, in_channels=3, out_channels=3, model_channels=48, cond_channels=20,
                            num_blocks=2, num_head_channels=16, mlp_ratio=3, patch_size=2, share_mod=True)),
}


def dense_flow(case: Case, batch: int, tokens: int = 11) -> None:
    network, side = case.network("SparseStructureFlowModel"), case.config["resolution"]
    x = case.input("x", batch, case.config["in_channels"], side, side, side)
    cond = case.input("cond", batch, tokens, case.config["cond_channels"])
    t = case.given("t", torch.tensor([1000.0, 3.7, 512.25][:batch]))
    case.both(network, lambda network: {"v": network(x, t, cond)})


def structure_decoder(case: Case, batch: int, *sides: int) -> None:
    network = case.network("SparseStructureDecoder")
    z = case.input("z", batch, case.config["latent_channels"], *sides)
    case.both(network, lambda network: {"logits": network(z)})


# --- The sparse networks.

SLATS = {
    # As text-xlarge: three blocks before and after, heads 80 wide.
    "latent_wide": ([180, 1, 57], dict(resolution=20, in_channels=8, out_channels=8, model_channels=160,
                                       cond_channels=40, num_blocks=2, num_heads=2, patch_size=2,
                                       num_io_res_blocks=3, io_block_channels=[24], qk_rms_norm=True)),
    # As little as goes, heads by their width. (Down and up twice the reference cannot: it remembers the
    # last structure only.)
    "latent_short": ([90, 2], dict(resolution=16, in_channels=5, out_channels=4, model_channels=48, cond_channels=20,
                                   num_blocks=1, num_head_channels=16, mlp_ratio=3, patch_size=2,
                                   num_io_res_blocks=1, io_block_channels=[20])),
    # Nothing skipped.
    "latent_unskipped": ([70], dict(resolution=12, in_channels=8, out_channels=8, model_channels=32, cond_channels=16,
                                    num_blocks=1, num_heads=2, patch_size=2, num_io_res_blocks=2,
                                    io_block_channels=[12], use_skip_connection=False, qk_rms_norm=True)),
    # No blocks before and after at all, one modulation for all blocks: the reference has that only so.
    "latent_flat": ([60], dict(resolution=9, in_channels=8, out_channels=8, model_channels=32, cond_channels=16,
                               num_blocks=1, num_heads=2, patch_size=1, io_block_channels=None, share_mod=True, qk_rms_norm=True)),
}


def structure(name: str, resolution: int, count: int, seed: int) -> torch.Tensor:
    """Cells of a rough shell, (count, 3), in raster order; two opposite corners of the grid belong to it."""
    grid = np.indices((resolution,) * 3).reshape(3, -1).T
    off = np.abs(np.linalg.norm((grid + 0.5) / resolution - 0.5, axis=1) - 0.35)
    off += 0.1 * noise(name, len(grid), seed)
    if count > 2:
        off[[0, -1]] = -9.0
    return torch.from_numpy(np.sort(np.argsort(off, kind="stable")[:count]))[:, None] // torch.tensor(
        [resolution**2, resolution, 1]) % resolution


def sparse(case: Case, counts: list):
    """The structures of a case as one batch of the reference; with each, its features."""
    from trellis.modules import sparse

    coords, feats = [], []
    channels = case.config.get("in_channels") or case.config["latent_channels"]
    for item, count in enumerate(counts):
        cells = structure(f"{case.name}/{item}", case.config["resolution"], count, case.seed)
        coords.append(torch.cat([torch.full((count, 1), item), cells], 1).int())
        case.given(f"coords_{item}", cells.int())
        feats.append(case.input(f"feats_{item}", count, channels))
    return sparse.SparseTensor(torch.cat(feats), torch.cat(coords))


def items(found) -> dict:
    return {f"v_{item}": found.feats[rows] for item, rows in enumerate(found.layout)}


def latent_flow(case: Case, counts: list, tokens: int = 9) -> None:
    network, x = case.network("SLatFlowModel"), sparse(case, counts)
    cond = case.input("cond", len(counts), tokens, case.config["cond_channels"])
    t = case.given("t", torch.tensor([640.0, 1000.0, 12.5][: len(counts)]))
    # The reference keeps what it found out about a structure with the tensor: a fresh one each time.
    case.both(network, lambda network: items(network(type(x)(x.feats, x.coords), t, cond)))


GAUSSIANS = {
    # Odd windows, one wide head, queries and keys normalised, rates of all kinds, exponential scales.
    "gaussians_odd": ([75, 1], dict(
        resolution=24, model_channels=80, latent_channels=8, num_blocks=3, num_heads=1, window_size=5, qk_rms_norm=True,
        representation_config=dict(
            lr=dict(_xyz=0.7, _features_dc=0.5, _opacity=2.0, _scaling=0.3, _rotation=1.0), perturb_offset=True,
            voxel_size=2.0, num_gaussians=5, scaling_bias=0.01, opacity_bias=0.3, scaling_activation="exp",
            **{"2d_filter_kernel_size": 0.1, "3d_filter_kernel_size": 0.002}))),
    # Offsets undisturbed; windows wider than the structure; softplus.
    "gaussians_plain": ([40], dict(
        resolution=7, model_channels=32, latent_channels=4, num_blocks=2, num_heads=2, window_size=8,
        representation_config=dict(
            lr=dict(_xyz=1.0, _features_dc=1.0, _opacity=1.0, _scaling=1.0, _rotation=0.1), perturb_offset=False,
            voxel_size=1.5, num_gaussians=3, scaling_bias=0.004, opacity_bias=0.1, scaling_activation="softplus",
            **{"2d_filter_kernel_size": 0.1, "3d_filter_kernel_size": 0.0009}))),
}
def gaussian_decoder(case: Case, counts: list) -> None:
    network, x = case.network("SLatGaussianDecoder"), sparse(case, counts)
    raw, clouds = [], []
    network.out_layer.register_forward_hook(lambda *call: raw.append(call[2]))

    def run(network) -> dict:
        clouds[:] = network(type(x)(x.feats, x.coords))
        return items(raw[-1])

    case.both(network, run)
    for item, cloud in enumerate(clouds):
        for key, value in written(cloud, case.folder).items():
            case.output(f"{key}_{item}", value)


# --- Sampling.

SAMPLERS = [dict(steps=steps, rescale_t=rescale, cfg_strength=strength, cfg_interval=interval)
            for steps, rescale, strength, interval in [
                (1, 1.0, 3.0, (0.0, 1.0)), (1, 3.0, 7.5, (0.5, 1.0)), (12, 1.0, 7.5, (0.5, 0.95)),
                (12, 3.0, 3.0, (0.5, 1.0)), (12, 3.0, 0.0, (0.0, 1.0)), (25, 3.0, 5.0, (0.5, 1.0)),
                (25, 1.0, 5.0, (0.5, 0.95)), (25, 3.0, 3.0, (0.0, 1.0)), (4, 1.0, 4.0, (0.5, 0.5)),
                (10, 1.0, 2.0, (0.3, 0.7))]]


def sampling(case: Case) -> None:
    from trellis.pipelines.samplers import FlowEulerGuidanceIntervalSampler

    network = trellis_reference.in_single_precision(case.network("SparseStructureFlowModel"))
    case.weights = [row[:2] for row in case.weights]
    fill(network, case.seed)
    side = case.config["resolution"]
    start = case.input("noise", 1, case.config["in_channels"], side, side, side)
    cond, negative = case.input("cond", 1, 6, case.config["cond_channels"]), case.input("neg_cond", 1, 6, case.config["cond_channels"])
    sampler = FlowEulerGuidanceIntervalSampler(sigma_min=1e-5)
    for index, settings in enumerate(SAMPLERS):
        found = sampler.sample(network, start, cond, negative, **settings, verbose=False)
        case.output(f"sample_{index}", found.samples)
    case.config = {"network": case.config, "samplers": SAMPLERS}


# --- Preparing images.

# Width, height, size, and how far it is moved; the first alone fits its picture.
IMAGES = [(97, 64, 60, 0, 0), (64, 97, 130, 20, -9), (3, 2, 200, 0, 0), (700, 1300, 40, -150, 220),
          (518, 518, 255, 0, 0), (31, 31, 30, 4, -8), (640, 480, 90, 301, 0)]


def preprocessing(case: Case) -> None:
    from trellis.pipelines import TrellisImageTo3DPipeline

    hashes = []
    for index, form in enumerate(IMAGES):
        image = Image.fromarray(cut_out(*form, case.seed))
        made = np.asarray(TrellisImageTo3DPipeline.preprocess_image(None, image))
        assert made.shape == (518, 518, 3)
        hashes.append(hashlib.sha256(made.tobytes()).hexdigest())
        # Where it differs, this says in which row.
        case.output(f"rows_{index}", torch.from_numpy(made.astype(np.int32).sum((1, 2), dtype=np.int32)))
    case.config = {"images": IMAGES, "sha256": hashes}


# --- As wide as the published networks, of fewer blocks.

def full(make, configs: Path) -> None:
    def config(place: str, part: str, **changes) -> dict:
        args = json.loads((configs / f"{place}.json").read_text())["models"][part]["args"]
        return {key: value for key, value in (args | changes).items() if key != "use_fp16"}

    make("full_flow", config("generation/ss_flow_img_dit_L_16l8_fp16", "denoiser", num_blocks=1), dense_flow, 1, 1374)
    make("full_structure", config("vae/ss_vae_conv3d_16l8_fp16", "decoder"), structure_decoder, 1, 16, 16, 16)
    make("full_latent", config("generation/slat_flow_img_dit_L_64l8p2_fp16", "denoiser", num_blocks=1), latent_flow,
         [16000], 1374)
    make("full_gaussians", config("vae/slat_vae_enc_dec_gs_swin8_B_64l8_fp16", "decoder", num_blocks=2),
         gaussian_decoder, [16000])


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--trellis", type=Path, required=True)
    arguments.add_argument("--into", type=Path, default=HERE / "../data/trellis")
    arguments.add_argument("--seed", type=int, default=404)
    arguments.add_argument("--full", action="store_true")
    arguments = arguments.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    trellis_reference.prepare(arguments.trellis)
    arguments.into.mkdir(exist_ok=True, parents=True)
    def make(name: str, config: dict, how, *rest) -> None:
        case = Case(name, dict(config), arguments.into, arguments.seed)
        how(case, *rest)
        case.save()

    if arguments.full:
        full(make, arguments.trellis / "configs")
        return
    for name, (batch, config) in DITS.items():
        make(name, config, dense_flow, batch)
    make("structure_odd", dict(out_channels=2, latent_channels=4, num_res_blocks=1, num_res_blocks_middle=1,
                               channels=[20, 12, 6]), structure_decoder, 2, 3, 5, 4)
    for name, (counts, config) in SLATS.items():
        make(name, config, latent_flow, counts)
    for name, (counts, config) in GAUSSIANS.items():
        make(name, config, gaussian_decoder, counts)
    make("sampling", dict(resolution=3, in_channels=4, out_channels=4, model_channels=32, cond_channels=16,
                          num_blocks=1, num_heads=2, patch_size=1, qk_rms_norm=True), sampling)
    make("preprocessing", {}, preprocessing)
    for name in trellis_pipeline.FAMILIES:
        make(name, {}, trellis_pipeline.make)


if __name__ == "__main__":
    main()
