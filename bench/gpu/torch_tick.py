#!/usr/bin/env python3
"""Ticks of the same random model in PyTorch with CUDA graphs: what a careful Python server reaches on this GPU.

torch_tick.py --config MODEL_DIR/config.json --sessions 1,8,64 [--context 4096] [--rows 24] [--passes 8] [--ticks 50]

The ops and shapes are those of the step program of MODEL.md for text positions: per layer norm, q k v r in one product,
short convolutions of k and v, norms of heads, append to a ring of keys and values, attention with the learned relative
bias, output product, short convolution, residual; norm, gate and up in one product, SwiGLU, down, short convolution,
residual; then the final norm, the logits and greedy sampling on the device. Weights, activations and the ring are
bfloat16 (Tactus keeps activations and the ring in float32). A tick is one prefill of all sessions' rows and as many
decode passes as asked for, each a CUDA graph that was captured once; the host waits for the end of every pass, as it
must to know who goes on. Ops are PyTorch's own, not compiled. No audio, no images, no speech: less than a tick of
Tactus does. Random weights: the shapes alone matter.

Prints one JSON object. With --device cpu nothing has a time: it only shows that the script runs.
"""
import argparse
import json
import sys
import time


def layer_sizes(config):
    """Sizes of every layer, from config.json as MODEL.md 1.1 has it."""
    text = config["text_config"]
    count = text["num_hidden_layers"]
    kinds = text.get("layer_types")
    if kinds is not None:
        local = [kind == "hybrid_sliding" for kind in kinds]
    elif "local_layer_ids" in text:
        local = [i in set(text["local_layer_ids"]) for i in range(count)]
    else:
        local = [(i + 1) % 6 != 0 for i in range(count)]
    sizes = []
    for is_local in local:
        prefix = "swa_" if is_local else ""
        sizes.append({
            "local": is_local,
            "heads": text[prefix + "num_attention_heads"],
            "kv_heads": text[prefix + "num_key_value_heads"],
            "head_dim": text[prefix + "head_dim"],
            "window": text["sliding_window_size"] if is_local else config.get("interaction_config", {}).get(
                "global_window", 4096),
        })
    return sizes


class Model:
    """Weights, rings and the two passes of one number of sessions."""

    def __init__(self, torch, config, sessions, rows, device, context):
        self.torch, self.device, self.sessions, self.rows = torch, device, sessions, rows
        text = config["text_config"]
        self.d = text["hidden_size"]
        self.vocabulary = text["vocab_size"]
        self.d_rel = text.get("d_rel", 16)
        self.taps = text.get("sconv_kernel_size", text.get("conv_kernel_size", 4))
        self.eps = text.get("rms_norm_eps", 1e-6)
        self.kind = torch.bfloat16 if device == "cuda" else torch.float32
        inner = text.get("dense_intermediate_size") or text["intermediate_size"]
        self.sizes = layer_sizes(config)
        generator = torch.Generator(device=device).manual_seed(1)

        def weight(*shape):
            scale = shape[-1] ** -0.5
            return torch.randn(*shape, generator=generator, device=device, dtype=torch.float32).mul_(scale).to(
                self.kind)

        self.embed = weight(self.vocabulary, self.d)
        self.unembed = weight(self.vocabulary, self.d)
        self.norm = torch.ones(self.d, device=device, dtype=self.kind)
        self.layers = []
        for size in self.sizes:
            h, g, dim = size["heads"], size["kv_heads"], size["head_dim"]
            window = min(size["window"], max(context, rows))
            places = window + rows
            extent = window if size["local"] else min(text.get("rel_extent", 1024), window)
            self.layers.append({
                **size,
                "window": window,
                "places": places,
                "extent": extent,
                "qkvr": weight(h * dim + 2 * g * dim + h * self.d_rel, self.d),
                "out": weight(self.d, h * dim),
                "gate_up": weight(2 * inner, self.d),
                "down": weight(self.d, inner),
                "bank": weight(self.d_rel, extent),
                "k_conv": weight(self.taps, g * dim),
                "v_conv": weight(self.taps, g * dim),
                "a_conv": weight(self.taps, self.d),
                "m_conv": weight(self.taps, self.d),
                "q_norm": torch.ones(dim, device=device, dtype=self.kind),
                "k_norm": torch.ones(dim, device=device, dtype=self.kind),
                "k": torch.zeros(sessions, g, places, dim, device=device, dtype=self.kind),
                "v": torch.zeros(sessions, g, places, dim, device=device, dtype=self.kind),
                "carry": {
                    name: torch.zeros(sessions, self.taps - 1, width, device=device, dtype=self.kind)
                    for name, width in (("k", g * dim), ("v", g * dim), ("a", self.d), ("m", self.d))
                },
            })
        self.position = torch.full((sessions,), context, device=device, dtype=torch.int64)
        self.ids = {
            rows: torch.zeros(sessions, rows, device=device, dtype=torch.int64),
            1: torch.zeros(sessions, 1, device=device, dtype=torch.int64),
        }

    def rms(self, x, w):
        return self.torch.nn.functional.rms_norm(x, (x.shape[-1],), w, self.eps)

    def conv(self, x, layer, name):
        """x [sessions, n, width] behind what is carried; the last inputs are carried on."""
        carry = layer["carry"][name]
        padded = self.torch.cat((carry, x), 1)
        w = layer[name + "_conv"]
        n = x.shape[1]
        out = x.clone()
        for tap in range(self.taps):
            out.addcmul_(padded[:, tap:tap + n], w[tap])
        carry.copy_(padded[:, n:])
        return out

    def sight(self, layer, n, known):
        """Where a pass's rows write, what they see and how far it is: once for all layers of a kind."""
        torch = self.torch
        places, window, extent = layer["places"], layer["window"], layer["extent"]
        if (places, window) not in known:
            at = self.position[:, None] + torch.arange(n, device=self.device)
            # the absolute position of every place, from the newest one back
            newest = at[:, -1:]
            place = torch.arange(places, device=self.device)
            absolute = newest - (newest - place) % places
            distance = at[:, :, None] - absolute[:, None, :]
            visible = (distance >= 0) & (distance < window) & (absolute >= 0)[:, None, :]
            hidden = torch.zeros_like(distance, dtype=self.kind).masked_fill_(~visible, float("-inf"))
            known[places, window] = (at % places, distance.clamp(0, extent - 1), distance >= extent, hidden)
        return known[places, window]

    def attention(self, layer, q, k, v, r, n, known):
        torch = self.torch
        h, g, dim = layer["heads"], layer["kv_heads"], layer["head_dim"]
        slots, near, far, hidden = self.sight(layer, n, known)
        index = slots[:, None, :, None].expand(-1, g, -1, dim)
        layer["k"].scatter_(2, index, k.transpose(1, 2))
        layer["v"].scatter_(2, index, v.transpose(1, 2))
        bias = torch.matmul(r, layer["bank"]).transpose(1, 2)  # [sessions, h, n, extent]
        bias = bias.gather(3, near[:, None].expand(-1, h, -1, -1))
        bias = bias.masked_fill(far[:, None], 0.0) + hidden[:, None]
        # heads that share keys are rows of one, so that the fused kernels take it and nothing is repeated
        together = (self.sessions, g, h // g * n)
        y = torch.nn.functional.scaled_dot_product_attention(
            q.transpose(1, 2).reshape(*together, dim), layer["k"], layer["v"],
            attn_mask=bias.reshape(*together, layer["places"]), scale=1.0 / dim)
        return y.reshape(self.sessions, h, n, dim).transpose(1, 2).reshape(self.sessions, n, h * dim)

    def forward(self, n):
        """One pass of n rows of every session; the id that each draws becomes its next input."""
        torch = self.torch
        known = {}
        x = self.rms(self.embed[self.ids[n]], self.norm)
        for layer in self.layers:
            h, g, dim = layer["heads"], layer["kv_heads"], layer["head_dim"]
            mixed = torch.nn.functional.linear(self.rms(x, self.norm), layer["qkvr"])
            q, k, v, r = mixed.split((h * dim, g * dim, g * dim, h * self.d_rel), -1)
            k = self.conv(k, layer, "k")
            v = self.conv(v, layer, "v")
            q = self.rms(q.reshape(self.sessions, n, h, dim), layer["q_norm"])
            k = self.rms(k.reshape(self.sessions, n, g, dim), layer["k_norm"])
            y = self.attention(
                layer, q, k, v.reshape(self.sessions, n, g, dim), r.reshape(self.sessions, n, h, self.d_rel), n,
                known)
            x = x + self.conv(torch.nn.functional.linear(y, layer["out"]), layer, "a")
            gate, up = torch.nn.functional.linear(self.rms(x, self.norm), layer["gate_up"]).chunk(2, -1)
            hidden = torch.nn.functional.silu(gate) * up
            x = x + self.conv(torch.nn.functional.linear(hidden, layer["down"]), layer, "m")
        logits = torch.nn.functional.linear(self.rms(x[:, -1:], self.norm), self.unembed)
        self.position.add_(n)
        drawn = logits.argmax(-1)
        self.ids[1].copy_(drawn)
        self.ids[self.rows][:, :1].copy_(drawn)


def measure(torch, config, sessions, arguments):
    cuda = arguments.device == "cuda"
    model = Model(torch, config, sessions, arguments.rows, arguments.device, arguments.context)
    with torch.inference_mode():
        if not cuda:
            model.forward(arguments.rows)
            for _ in range(arguments.passes):
                model.forward(1)
            return {"sessions": sessions, "label": "cpu: no times"}
        graphs = {}
        side = torch.cuda.Stream()
        for n in (arguments.rows, 1):
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(3):
                    model.forward(n)
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                model.forward(n)
            graphs[n] = graph
        done = torch.cuda.Event()
        ticks, prefills = [], []
        for tick in range(arguments.ticks + 5):
            start = time.perf_counter_ns()
            for i in range(1 + arguments.passes):
                graphs[arguments.rows if i == 0 else 1].replay()
                done.record()
                while not done.query():
                    pass
                if i == 0:
                    prefill = time.perf_counter_ns()
            end = time.perf_counter_ns()
            if tick >= 5:
                ticks.append(end - start)
                prefills.append(prefill - start)
    ticks.sort()
    prefills.sort()

    def percentile(values, share):
        return values[min(len(values) - 1, int(share * len(values)))]

    return {
        "sessions": sessions,
        "ticks": arguments.ticks,
        "whole_ns": {
            "p50": percentile(ticks, 0.5), "p90": percentile(ticks, 0.9), "p99": percentile(ticks, 0.99),
            "max": ticks[-1]
        },
        "prefill_ns_p50": percentile(prefills, 0.5),
        "decode_pass_ns_p50": (percentile(ticks, 0.5) - percentile(prefills, 0.5)) / max(1, arguments.passes),
        "device_memory_bytes": torch.cuda.max_memory_allocated(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--config", required=True, help="config.json of the random model")
    parser.add_argument("--name", default="", help="how the model is called in the results")
    parser.add_argument("--sessions", default="1,8,64")
    parser.add_argument("--context", type=int, default=4096, help="positions before the first tick")
    parser.add_argument("--rows", type=int, default=24)
    parser.add_argument("--passes", type=int, default=8)
    parser.add_argument("--ticks", type=int, default=50)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    arguments = parser.parse_args()
    try:
        import torch
    except ImportError:
        print(json.dumps({"bench": "torch_tick", "not_measured": "there is no PyTorch for " + sys.executable}))
        return 3
    if arguments.device == "cuda" and not torch.cuda.is_available():
        print(json.dumps({"bench": "torch_tick", "not_measured": "PyTorch sees no GPU"}))
        return 3
    with open(arguments.config, encoding="utf-8") as file:
        config = json.load(file)
    result = {
        "bench": "torch_tick",
        "model": arguments.name or arguments.config,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "gpu": torch.cuda.get_device_name(0) if arguments.device == "cuda" else "cpu",
        "class": "bfloat16" if arguments.device == "cuda" else "float32",
        "context": arguments.context,
        "rows": arguments.rows,
        "passes": arguments.passes,
        "results": [],
    }
    for sessions in (int(word) for word in arguments.sessions.split(",")):
        try:
            result["results"].append(measure(torch, config, sessions, arguments))
        except RuntimeError as error:  # one number of sessions that does not fit must not lose the others
            result["results"].append({"sessions": sessions, "not_measured": str(error).splitlines()[0]})
        if arguments.device == "cuda":
            torch.cuda.empty_cache()
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
