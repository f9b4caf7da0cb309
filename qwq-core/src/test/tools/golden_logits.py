#!/usr/bin/env python3
"""Writes the small random checkpoints under src/test/resources/dev/qwq/golden and their golden logits.

    golden_logits.py OUT_DIR        # needs torch, transformers, safetensors

Each checkpoint is a Hugging Face folder without a tokenizer (bfloat16 safetensors). golden.json holds what Hugging Face
transformers computes from it in float32: the logits after ten positions of a 300-token text, the mean negative
log-likelihood of its tokens and a greedy continuation of its first 40. Weights are drawn with a standard
deviation that gives logits the spread of a trained model (a few units), so that an error shows.
"""
import json
import pathlib
import sys

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

POSITIONS = [0, 1, 7, 31, 63, 127, 128, 200, 255, 299]
BASE = dict(
    vocab_size=160, hidden_size=96, intermediate_size=224, num_hidden_layers=2, num_attention_heads=6,
    num_key_value_heads=2, max_position_embeddings=512, rms_norm_eps=1e-6, tie_word_embeddings=False,
    bos_token_id=None, eos_token_id=None, pad_token_id=None)
YARN = {"type": "yarn", "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}
# name -> (constructor arguments, rope parameters, spelling of config.json)
CHECKPOINTS = {
    "qwen2": (dict(), None, "published"),
    "qwen2-tied": (dict(tie_word_embeddings=True, rms_norm_eps=1e-5), None, "new"),
    "qwen2-yarn": (dict(), YARN, "published"),
    # One KV head, a width that is no multiple of 32 per head, another theta.
    "qwen2-odd": (dict(vocab_size=131, hidden_size=96, num_attention_heads=4, num_key_value_heads=1,
                       intermediate_size=160, num_hidden_layers=3), None, "published"),
}


def spelled(config: dict, spelling: str, theta: float, scaling: dict | None) -> dict:
    """config.json as it was published (rope_theta, rope_scaling) or as transformers 5 writes it."""
    for key in ("rope_parameters", "rope_theta", "rope_scaling", "dtype", "torch_dtype"):
        config.pop(key, None)
    if spelling == "new":
        config["dtype"] = "bfloat16"
        config["rope_parameters"] = {"rope_theta": theta, "rope_type": "default", **(scaling or {})}
    else:
        config["torch_dtype"] = "bfloat16"
        config["rope_theta"] = theta
        if scaling:
            config["rope_scaling"] = {k: v for k, v in scaling.items() if k != "rope_type"}
    return config


def write(out: pathlib.Path, name: str, seed: int) -> None:
    arguments, scaling, spelling = CHECKPOINTS[name]
    theta = 10000.0 if name == "qwen2-odd" else 1000000.0
    rope = {"rope_theta": theta, "rope_type": "default"}
    if scaling:
        rope.update({k: v for k, v in scaling.items() if k != "type"})
    config = Qwen2Config(**{**BASE, **arguments}, rope_parameters=rope)
    generator = torch.Generator().manual_seed(seed)
    model = Qwen2ForCausalLM(config)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if key.endswith("norm.weight"):
                value = 1 + 0.2 * torch.randn(parameter.shape, generator=generator)
            elif key.endswith("bias"):
                value = 0.3 * torch.randn(parameter.shape, generator=generator)
            else:
                value = 1.3 * parameter.shape[-1] ** -0.5 * torch.randn(parameter.shape, generator=generator)
            parameter.copy_(value.to(torch.bfloat16).float())
    model.eval()
    tokens = torch.randint(0, config.vocab_size, (300,), generator=generator)
    with torch.no_grad():
        logits = model(tokens[None]).logits[0].float()
        logprobs = torch.log_softmax(logits[:-1].double(), -1)
        nll = -logprobs.gather(1, tokens[1:, None]).mean().item()
        text = tokens[:40].tolist()
        for _ in range(24):
            text.append(int(model(torch.tensor([text])).logits[0, -1].argmax()))
    folder = out / name
    model.to(torch.bfloat16).save_pretrained(folder, safe_serialization=True)
    (folder / "generation_config.json").unlink(missing_ok=True)
    path = folder / "config.json"
    path.write_text(json.dumps(spelled(json.loads(path.read_text()), spelling, theta, scaling), indent=2) + "\n")
    golden = {
        "tokens": tokens.tolist(),
        "positions": POSITIONS,
        "logits": {str(p): [round(v, 5) for v in logits[p].tolist()] for p in POSITIONS},
        "mean_nll": nll,
        "greedy_prompt": 40,
        "greedy": text[40:],
    }
    (folder / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    for seed, name in enumerate(CHECKPOINTS, start=20260101):
        write(out, name, seed)


if __name__ == "__main__":
    main()
