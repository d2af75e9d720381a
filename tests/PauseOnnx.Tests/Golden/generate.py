"""Writes the golden checkpoints of this folder: every family in PyTorch, written from the papers and Hugging Face's documented
names, and sharing nothing with the C# code that is tested against it.

Each folder is a checkpoint as the hub has it, with storage types, shards, buffers and spare tensors that occur there, and
`golden.safetensors` beside it: `input_ids` [T] and `logits` [T, V], computed in double precision from the stored weights.
Run on purpose only (Debian's python3-torch): python3 generate.py
"""

import json
import math
import os
import struct

import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
V, C, L, T = 19, 16, 2, 12
TYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64", torch.uint8: "U8"}


def save(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        tensor = tensor.contiguous()
        raw = (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy().tobytes()
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


class Weights:
    """Draws each weight when it is first asked for, rounded to the storage type."""

    def __init__(self, dtype, seed):
        self.stored, self.dtype, self.generator = {}, dtype, torch.Generator().manual_seed(seed)

    def __call__(self, name, *shape):
        if name not in self.stored:
            around = 1.0 if len(shape) == 1 and name.endswith("weight") else 0.0
            self.stored[name] = (around + 0.4 * torch.randn(*shape, generator=self.generator)).to(self.dtype)
        return self.stored[name].double()


def causal_attention(q, k, v):
    """q [H, T, D], k and v [K, T, D] -> [T, H D]"""
    groups, d = q.shape[0] // k.shape[0], q.shape[-1]
    k, v = k.repeat_interleave(groups, 0), v.repeat_interleave(groups, 0)
    scores = q @ k.transpose(1, 2) / math.sqrt(d)
    scores = scores.masked_fill(torch.ones(T, T).triu(1).bool(), float("-inf"))
    return (scores.softmax(-1) @ v).transpose(0, 1).reshape(T, -1)


def rope(x, base, count):
    """Turns the first `count` elements of each head of x [H, T, D] as complex numbers: element i and i + count / 2."""
    part, rest = x[..., :count], x[..., count:]
    frequency = base ** (-torch.arange(0, count, 2, dtype=torch.float64) / count)
    angle = torch.outer(torch.arange(T, dtype=torch.float64), frequency)
    turned = torch.complex(part[..., : count // 2], part[..., count // 2 :]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([turned.real, turned.imag, rest], -1)


def rms(x, weight, eps):
    return x / (x.pow(2).mean(-1, keepdim=True) + eps).sqrt() * weight


def llama(w, ids, c):
    heads, groups, d, f, eps = c["num_attention_heads"], c["num_key_value_heads"], c["head_dim"], c["intermediate_size"], c["rms_norm_eps"]
    x = w("model.embed_tokens.weight", V, C)[ids]
    for layer in range(L):
        p = f"model.layers.{layer}."
        h = rms(x, w(p + "input_layernorm.weight", C), eps)

        def project(name, count):
            bias = w(f"{p}self_attn.{name}_proj.bias", count * d) if c["model_type"] == "qwen2" else None
            y = F.linear(h, w(f"{p}self_attn.{name}_proj.weight", count * d, C), bias).view(T, count, d).transpose(0, 1)
            if c["model_type"] == "qwen3" and name != "v":
                y = rms(y, w(f"{p}self_attn.{name}_norm.weight", d), eps)
            return y if name == "v" else rope(y, c["rope_theta"], d)

        a = causal_attention(project("q", heads), project("k", groups), project("v", groups))
        x = x + F.linear(a, w(p + "self_attn.o_proj.weight", C, heads * d))
        h = rms(x, w(p + "post_attention_layernorm.weight", C), eps)
        gated = F.silu(F.linear(h, w(p + "mlp.gate_proj.weight", f, C))) * F.linear(h, w(p + "mlp.up_proj.weight", f, C))
        x = x + F.linear(gated, w(p + "mlp.down_proj.weight", C, f))
    x = rms(x, w("model.norm.weight", C), eps)
    return F.linear(x, w("model.embed_tokens.weight" if c["tie_word_embeddings"] else "lm_head.weight", V, C))


def gpt2(w, ids, c):
    heads, f, eps = c["n_head"], 4 * C, c["layer_norm_epsilon"]
    norm = lambda x, name: F.layer_norm(x, (C,), w(name + ".weight", C), w(name + ".bias", C), eps)
    conv1d = lambda x, name, count: x @ w(name + ".weight", x.shape[-1], count) + w(name + ".bias", count)
    x = w("wte.weight", V, C)[ids] + w("wpe.weight", c["n_positions"], C)[:T]
    for layer in range(L):
        p = f"h.{layer}."
        q, k, v = (part.view(T, heads, -1).transpose(0, 1) for part in conv1d(norm(x, p + "ln_1"), p + "attn.c_attn", 3 * C).split(C, -1))
        x = x + conv1d(causal_attention(q, k, v), p + "attn.c_proj", C)
        h = conv1d(norm(x, p + "ln_2"), p + "mlp.c_fc", f)
        h = 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))
        x = x + conv1d(h, p + "mlp.c_proj", C)
    return norm(x, "ln_f") @ w("wte.weight", V, C).T


def gpt_neox(w, ids, c):
    heads, f, eps = c["num_attention_heads"], c["intermediate_size"], c["layer_norm_eps"]
    d = C // heads
    norm = lambda x, name: F.layer_norm(x, (C,), w(name + ".weight", C), w(name + ".bias", C), eps)
    linear = lambda x, name, count: F.linear(x, w(name + ".weight", count, x.shape[-1]), w(name + ".bias", count))
    x = w("gpt_neox.embed_in.weight", V, C)[ids]
    for layer in range(L):
        p = f"gpt_neox.layers.{layer}."
        fused = linear(norm(x, p + "input_layernorm"), p + "attention.query_key_value", 3 * C)
        q, k, v = fused.view(T, heads, 3, d).permute(2, 1, 0, 3)
        turned = int(d * c["rotary_pct"])
        a = causal_attention(rope(q, c["rotary_emb_base"], turned), rope(k, c["rotary_emb_base"], turned), v)
        attended = x + linear(a, p + "attention.dense", C)
        h = norm(x if c["use_parallel_residual"] else attended, p + "post_attention_layernorm")
        x = attended + linear(F.gelu(linear(h, p + "mlp.dense_h_to_4h", f)), p + "mlp.dense_4h_to_h", C)
    return F.linear(norm(x, "gpt_neox.final_layer_norm"), w("embed_out.weight", V, C))


def write(name, model, config, dtype, seed, spare=None, shards=1):
    folder = os.path.join(HERE, name)
    os.makedirs(folder, exist_ok=True)
    w = Weights(dtype, seed)
    ids = torch.randint(V, (T,), generator=torch.Generator().manual_seed(100 + seed))
    logits = model(w, ids, config)
    save(os.path.join(folder, "golden.safetensors"), {"input_ids": ids, "logits": logits.float()})
    with open(os.path.join(folder, "config.json"), "w") as file:
        file.write(json.dumps(config, indent=2) + "\n")
    tensors = {**w.stored, **(spare(w.stored) if spare else {})}
    if shards == 1:
        return save(os.path.join(folder, "model.safetensors"), tensors)
    where = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        names = sorted(tensors)[shard::shards]
        where.update(dict.fromkeys(names, file))
        save(os.path.join(folder, file), {n: tensors[n] for n in names})
    with open(os.path.join(folder, "model.safetensors.index.json"), "w") as file:
        file.write(json.dumps({"metadata": {"total_size": sum(t.numel() * t.element_size() for t in tensors.values())}, "weight_map": where}, indent=2) + "\n")


def llama_config(model_type, **changes):
    config = {
        "model_type": model_type, "vocab_size": V, "hidden_size": C, "num_hidden_layers": L, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 6, "intermediate_size": 20, "max_position_embeddings": 32, "hidden_act": "silu",
        "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": False, "attention_dropout": 0.0, "use_cache": True,
    }
    return {**config, **changes}


write("llama", llama, {**llama_config("llama"), "attention_bias": False, "mlp_bias": False, "rope_scaling": None, "pretraining_tp": 1}, torch.float16, 1,
      spare=lambda _: {f"model.layers.{i}.self_attn.rotary_emb.inv_freq": torch.ones(3) for i in range(L)})
write("mistral", llama, llama_config("mistral", num_key_value_heads=1, sliding_window=32), torch.bfloat16, 2)
write("qwen2", llama, llama_config("qwen2", rope_theta=1000000.0, use_sliding_window=False, sliding_window=8, max_window_layers=1), torch.bfloat16, 3, shards=3)
write("qwen3", llama, llama_config("qwen3", head_dim=8, attention_bias=False, tie_word_embeddings=True, use_sliding_window=False, sliding_window=None), torch.float32, 4,
      spare=lambda w: {"lm_head.weight": w["model.embed_tokens.weight"]})
write("gpt2", gpt2, {
    "model_type": "gpt2", "vocab_size": V, "n_embd": C, "n_layer": L, "n_head": 2, "n_positions": 32, "n_ctx": 32, "layer_norm_epsilon": 1e-5,
    "activation_function": "gelu_new", "resid_pdrop": 0.1, "embd_pdrop": 0.1, "attn_pdrop": 0.1,
}, torch.float32, 5, spare=lambda _: {f"h.{i}.attn.bias": torch.ones(1, 1, 32, 32).tril().to(torch.uint8) for i in range(L)})
write("gpt_neox", gpt_neox, {
    "model_type": "gpt_neox", "vocab_size": V, "hidden_size": C, "num_hidden_layers": L, "num_attention_heads": 2, "intermediate_size": 40,
    "max_position_embeddings": 32, "hidden_act": "gelu", "layer_norm_eps": 1e-5, "rotary_pct": 0.5, "rotary_emb_base": 10000,
    "use_parallel_residual": True, "tie_word_embeddings": False,
}, torch.float16, 6, spare=lambda _: {
    f"gpt_neox.layers.{i}.attention.{name}": value for i in range(L) for name, value in
    {"bias": torch.ones(1, 1, 32, 32).tril().to(torch.uint8), "masked_bias": torch.tensor(-1e9), "rotary_emb.inv_freq": torch.ones(2)}.items()})
