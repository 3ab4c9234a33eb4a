"""The networks of `networks.rs` in torch, with random weights: a line `NETWORK BATCH` on stdin runs one
once, and is answered by `WALL CPU` in seconds. The first argument is the number of threads.

    pip install torch torchvision timm transformers
"""

import sys
import time

import timm
import torch
import torchvision
import transformers

NETWORKS = {
    # The trunk of open_clip's convnext_large_d image tower.
    "convnext": (lambda: timm.create_model("convnext_large", num_classes=0), 224),
    "dinov2": (
        lambda: transformers.Dinov2Model(
            transformers.Dinov2Config(hidden_size=384, num_attention_heads=6, image_size=518)
        ),
        518,
    ),
    # The layers LPIPS looks at.
    "alexnet": (lambda: torchvision.models.alexnet(weights=None).features, 256),
}


def main():
    torch.set_num_threads(int(sys.argv[1]))
    made = {}
    for line in sys.stdin:
        name, batch = line.split()
        if name not in made:
            make, side = NETWORKS[name]
            made = {name: (make().eval(), side)}
        network, side = made[name]
        images = torch.randn(int(batch), 3, side, side)
        wall, cpu = time.perf_counter(), time.process_time()
        with torch.inference_mode():
            network(images)
        print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)


main()
