"""What the operators of PyTorch's ATen library are, for the network's energy.

Convolutions and products have handlers.  The other operators are told by what their own schema
says (a view, a pointwise operator), or are listed by kind below.  What is in none of these is
unsupported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from energysim.frontends.calls import Call, Handler, Outcome, Value
from energysim.frontends.convolution import Convolution, layers_of
from energysim.frontends.products import product

__all__ = ["HANDLERS", "SHAPES_ONLY", "TRAINED"]


def _convolution(call: Call) -> Outcome:
    ifmap, weight = call.value("input"), call.value("weight")
    images, channels, *sizes = ifmap.shape
    transposed = bool(call.arguments["transposed"])
    groups = call.arguments["groups"]
    filters = weight.shape[1] * groups if transposed else weight.shape[0]
    own = not weight.constant and images == 1 and groups % call.batch == 0
    if own:
        # Filters that depend on the input, batched as groups.
        images, groups = call.batch, groups // call.batch
        channels, filters = channels // call.batch, filters // call.batch

    def per_axis(argument: str) -> tuple[int, ...]:
        given: Sequence[int] = call.arguments[argument]
        return tuple(given) if len(given) == len(sizes) else (given[0],) * len(sizes)

    conv = Convolution(
        images=images,
        groups=groups,
        filters=filters,
        channels=channels,
        ifmap=tuple(sizes),
        kernel=tuple(weight.shape[2:]),
        stride=per_axis("stride"),
        dilation=per_axis("dilation"),
        padding=tuple((pad, pad) for pad in per_axis("padding")),
        transposed=transposed,
        output_padding=per_axis("output_padding"),
        own_filters=own,
    )
    return Outcome("conv", layers_of(call.name, conv))


def _products(left_name: str, right_name: str) -> Handler:
    def handler(call: Call) -> Outcome:
        left, right = call.value(left_name), call.value(right_name)
        shapes = left.shape, right.shape
        if len(right.shape) == 1:  # a matrix and a vector
            shapes = left.shape, (*right.shape, 1)
        if len(left.shape) == 1:
            shapes = (1, *left.shape), shapes[1]
        return product(call.name, call.batch, left, right, shapes)

    return handler


def _attention(call: Call) -> Outcome:
    """Scaled dot-product attention in one kernel: query by key, and the result by value."""
    query, key, value = (call.value(name) for name in ("query", "key", "value"))
    *stack, rows, inner = query.shape
    *_stack, positions, _inner = key.shape
    scores = Value((*stack, rows, positions))
    first = product(
        f"{call.name}/scores", call.batch, query, key, (query.shape, (*stack, inner, positions))
    )
    second = product(
        f"{call.name}/values", call.batch, scores, value, (scores.shape, tuple(value.shape))
    )
    return Outcome("product", (*first.layers, *second.layers))


def _concat(call: Call) -> Outcome:
    axis = call.arguments.get("dim") or 0
    return Outcome("concat", axis=axis % len(call.outputs[0]))


def _of_kind(kind: str) -> Handler:
    def handler(call: Call) -> Outcome:
        axis: Any = call.arguments.get("dim")
        rank = len(call.values[0].shape)
        known = isinstance(axis, int) and rank
        return Outcome(kind, axis=axis % rank if known else None)

    return handler


_PADDINGS = [f"{way}_pad{n}d" for way in ("reflection", "replication") for n in (1, 2, 3)]
_KINDS: dict[str, Sequence[str]] = {
    "pool": [
        "max_pool2d_with_indices", "max_pool3d_with_indices", "max_pool2d", "max_pool3d",
        "mkldnn_max_pool2d", "mkldnn_max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
        "_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_max_pool2d",
        "adaptive_max_pool3d", "fractional_max_pool2d", "fractional_max_pool3d", "max_unpool2d",
        "max_unpool3d",
    ],
    "batchnorm": [
        "native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training",
        "_batch_norm_no_update", "cudnn_batch_norm", "miopen_batch_norm",
    ],
    "norm": ["native_layer_norm", "native_group_norm", "_fused_rms_norm"],
    "softmax": ["_softmax", "_log_softmax", "_safe_softmax", "_masked_softmax"],
    "reduce": [
        "mean", "sum", "amax", "amin", "max", "min", "argmax", "argmin", "var", "var_mean", "std",
        "std_mean", "prod", "logsumexp", "norm", "linalg_vector_norm", "cumsum", "cumprod", "topk",
        "sort", "any", "all", "aminmax", "median",
    ],
    "upsample": [
        "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d",
        "_upsample_nearest_exact1d", "_upsample_nearest_exact2d", "_upsample_nearest_exact3d",
        "upsample_linear1d", "upsample_bilinear2d", "upsample_bicubic2d", "upsample_trilinear3d",
        "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa", "grid_sampler_2d", "grid_sampler_3d",
    ],
    "copy": [
        "clone", "copy", "_to_copy", "constant_pad_nd", *_PADDINGS, "roll", "index",
        "index_select", "gather", "scatter", "scatter_add", "flip", "repeat", "embedding",
        "masked_scatter", "index_put", "index_add", "tril", "triu", "rot90", "slice_scatter",
        "select_scatter", "im2col", "col2im", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle",
        "take", "one_hot", "unfold_backward", "repeat_interleave",
    ],
    "view": [
        "_unsafe_view", "_reshape_alias", "unfold", "lift_fresh", "as_strided", "squeeze",
        "unsqueeze", "transpose", "t", "swapaxes", "detach", "unsafe_split", "unsafe_chunk",
        "unsafe_split_with_sizes",
    ],
    # Without the tag in some versions of PyTorch.
    "activation": [
        "hardswish", "hardsigmoid", "hardtanh", "leaky_relu", "rrelu", "rrelu_with_noise",
        "threshold", "prelu", "_prelu_kernel", "elu", "celu", "selu", "gelu", "glu", "silu", "mish",
        "softplus", "softshrink", "hardshrink", "log_sigmoid_forward", "relu6", "dropout",
        "native_dropout", "bernoulli", "fake_quantize_per_tensor_affine",
        "fake_quantize_per_tensor_affine_cachemask", "fake_quantize_per_channel_affine",
        "fake_quantize_per_channel_affine_cachemask",
        "_fake_quantize_per_tensor_affine_cachemask_tensor_qparams",
    ],
}  # fmt: skip

#: The operands, either of which may hold filters, of the operators that can be layers.
TRAINED: dict[str, tuple[str, ...]] = {
    "aten.convolution": ("weight",),
    "aten._convolution": ("weight",),
    "aten.mm": ("self", "mat2"),
    "aten.bmm": ("self", "mat2"),
    "aten.mv": ("self", "vec"),
    "aten.dot": ("self", "tensor"),
    "aten.addmm": ("mat1", "mat2"),
    "aten.addmv": ("mat", "vec"),
    "aten._addmm_activation": ("mat1", "mat2"),
    "aten.addbmm": ("batch1", "batch2"),
    "aten.baddbmm": ("batch1", "batch2"),
}

#: Handlers by operator, without the underscore at the end of those that work in place.
HANDLERS: dict[str, Handler] = {
    op: _products(*operands) if len(operands) == 2 else _convolution
    for op, operands in TRAINED.items()
}
HANDLERS |= {"aten.cat": _concat, "aten.stack": _concat}
for _kind, _names in _KINDS.items():
    HANDLERS |= {f"aten.{_name}": _of_kind(_kind) for _name in _names}
for _name in ("flash_attention", "flash_attention_for_cpu", "efficient_attention",
              "cudnn_attention", "fused_attention_overrideable"):  # fmt: skip
    HANDLERS[f"aten._scaled_dot_product_{_name}"] = _attention

#: Operators that take of a tensor its shape alone: what they give is constant.
SHAPES_ONLY = frozenset(
    f"aten.{name}"
    for name in (
        "empty_like", "zeros_like", "ones_like", "full_like", "rand_like", "randn_like",
        "new_empty", "new_zeros", "new_ones", "new_full", "new_empty_strided",
    )
)  # fmt: skip
