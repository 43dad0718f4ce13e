"""The layers of the language: one declaration each, one family a file."""

from slimgen.layers.activation import Crelu, Maxout, Prelu, Softmax, SpatialSoftmax
from slimgen.layers.bias import BiasAdd
from slimgen.layers.casting import Cast, OneHot
from slimgen.layers.constant import ConstantTensor
from slimgen.layers.convolution import Conv
from slimgen.layers.declaration import Layer
from slimgen.layers.dense import FullyConnected
from slimgen.layers.dropout import Dropout, DropPath
from slimgen.layers.example_norms import (
    GroupNorm,
    InstanceNorm,
    L2Normalize,
    LayerNorm,
    LocalResponseNorm,
    UnitNorm,
)
from slimgen.layers.gradient import ScaleGradient
from slimgen.layers.image import Crop, DepthToSpace, Pad, Resize, SpaceToDepth
from slimgen.layers.lookup import Embedding, Gather
from slimgen.layers.merge import (
    Add,
    Average,
    Concat,
    Divide,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
)
from slimgen.layers.normalization import BatchNorm
from slimgen.layers.pooling import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool, Pool
from slimgen.layers.products import Matmul
from slimgen.layers.python_function import Python
from slimgen.layers.reduction import ReduceMax, ReduceMean, ReduceMin, ReduceSum
from slimgen.layers.reshaping import (
    ExpandDims,
    Flatten,
    Reshape,
    Roll,
    Squeeze,
    Transpose,
)
from slimgen.layers.separable import ConvInPlane, DepthwiseConv, SeparableConv
from slimgen.layers.slicing import (
    ImagesToSequence,
    SequenceToImages,
    Slice,
    Split,
)
from slimgen.layers.transposed import ConvTranspose
from slimgen.messages.foreign import our_word

# By family, in the order of the documentation.
DECLARATIONS: tuple[type[Layer], ...] = (
    # Convolutions
    Conv,
    ConvTranspose,
    SeparableConv,
    DepthwiseConv,
    ConvInPlane,
    # Dense
    FullyConnected,
    # Lookups
    Embedding,
    Gather,
    # Pools
    MaxPool,
    AvgPool,
    Pool,
    GlobalMaxPool,
    GlobalAvgPool,
    # Activations
    Softmax,
    Crelu,
    Prelu,
    # Normalization
    BatchNorm,
    LayerNorm,
    InstanceNorm,
    GroupNorm,
    LocalResponseNorm,
    UnitNorm,
    L2Normalize,
    # Dropout
    Dropout,
    DropPath,
    # Merging
    Add,
    Subtract,
    Multiply,
    Divide,
    Maximum,
    Minimum,
    Average,
    Concat,
    Matmul,
    # Shapes
    Flatten,
    Squeeze,
    ExpandDims,
    Reshape,
    Transpose,
    Slice,
    Split,
    Roll,
    ImagesToSequence,
    SequenceToImages,
    # Reductions
    ReduceMean,
    ReduceMax,
    ReduceMin,
    ReduceSum,
    # Images
    Pad,
    Crop,
    Resize,
    DepthToSpace,
    SpaceToDepth,
    # Other layers
    ConstantTensor,
    BiasAdd,
    OneHot,
    Maxout,
    SpatialSoftmax,
    ScaleGradient,
    Cast,
    Python,
)

LAYERS: dict[str, type[Layer]] = {layer.word: layer for layer in DECLARATIONS}


def word_of(name: str) -> str:
    """Return our word for a layer's name in TF-Slim, Keras and so on, or nothing."""
    for layer in DECLARATIONS:
        if name in (layer.slim, layer.tensorflow.rpartition(".")[2]):
            return layer.word
    return our_word(name)
