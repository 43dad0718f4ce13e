"""The networks of examples/zoo: their counts, names and forms, without TensorFlow.

Counts are TF-Slim's own, of its networks as its factory builds them for training, auxiliary
heads included, at weight decay 4e-5.
"""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from slimgen.cli.files import FileReader
from slimgen.compiler import Request, analyze
from slimgen.diagnostics import Diagnostics
from slimgen.ir.graph import Network
from slimgen.source import Source
from slimgen.syntax.printer import format_source

pytestmark = pytest.mark.slow  # a few seconds a family

ZOO = Path(__file__).resolve().parents[1] / "examples" / "zoo"
FILES = sorted(ZOO.rglob("*.slim"))

Defines = tuple[str, ...]


@cache
def network(file: str, name: str, defines: Defines = ()) -> Network:
    """A network of the zoo with some build parameters; it has no warnings."""
    path = ZOO / f"{file}.slim"
    pairs = tuple((key, value) for key, _, value in (d.partition("=") for d in defines))
    source = Source(str(path), path.read_text(encoding="utf-8"))
    found = analyze(source, Request(pairs, (name,)), FileReader(Diagnostics()))
    assert [] == [str(diagnostic) for diagnostic in found.diagnostics]
    assert found.graph is not None
    return found.graph.networks[0]


def shapes(found: Network) -> dict[str, tuple[int, ...]]:
    """The saved variables: name, then shape."""
    return {v.name: v.spec.shape for v in found.variables if v.spec.saved}


def output(found: Network) -> tuple[int | None, ...]:
    return found.outputs[0][1].type.shape


# Counts.


@dataclass(frozen=True)
class Counts:
    """Values of trainable and of all variables, variables, and regularised ones."""

    trainable: int
    values: int
    variables: int
    regularized: int


def counts(found: Network) -> Counts:
    specs = [v.spec for v in found.variables if v.spec.saved]
    sizes = [(math.prod(spec.shape), spec.trainable) for spec in specs]
    return Counts(
        sum(size for size, trainable in sizes if trainable),
        sum(size for size, _ in sizes),
        len(specs),
        sum(spec.regularizer is not None for spec in specs),
    )


CLASSES_1000 = ("classes=1000",)
COUNTS = [
    ("overfeat", "overfeat", (), Counts(145_704_424, 145_704_424, 16, 8)),
    ("vgg", "vgg_a", (), Counts(132_863_336, 132_863_336, 22, 11)),
    ("vgg", "vgg_16", (), Counts(138_357_544, 138_357_544, 32, 16)),
    ("vgg", "vgg_19", (), Counts(143_667_240, 143_667_240, 38, 19)),
    ("cifarnet", "cifarnet", (), Counts(1_756_426, 1_756_426, 10, 2)),
    ("inception_v1", "inception_v1", (), Counts(6_618_649, 6_633_209, 230, 58)),
    ("inception_v2", "inception_v2", (), Counts(11_179_361, 11_199_137, 277, 69)),
    ("inception_v4", "inception_v4", (), Counts(46_009_106, 46_074_066, 608, 153)),
    (
        "inception_resnet_v2",
        "inception_resnet_v2",
        (),
        Counts(59_182_258, 59_244_594, 908, 290),
    ),
    ("resnet_v1_200", "resnet_v1_200", (), Counts(64_673_832, 64_849_832, 1017, 204)),
    (
        "resnet_v2",
        "resnet_v2_50",
        CLASSES_1000,
        Counts(25_568_360, 25_613_800, 272, 54),
    ),
    (
        "resnet_v2",
        "resnet_v2_101",
        CLASSES_1000,
        Counts(44_577_896, 44_675_560, 544, 105),
    ),
    (
        "resnet_v2",
        "resnet_v2_152",
        CLASSES_1000,
        Counts(60_236_904, 60_380_648, 816, 156),
    ),
    (
        "resnet_v2",
        "resnet_v2_200",
        CLASSES_1000,
        Counts(64_726_120, 64_894_440, 1072, 204),
    ),
    ("mobilenet_v1", "mobilenet_v1", (), Counts(4_233_001, 4_254_889, 137, 15)),
    ("mobilenet_v2", "mobilenet_v2", (), Counts(3_506_153, 3_540_265, 262, 36)),
    ("mobilenet_v3", "mobilenet_v3_small", (), Counts(2_543_881, 2_555_993, 210, 43)),
    ("mobilenet_v3", "mobilenet_v3_large", (), Counts(5_484_313, 5_508_713, 266, 49)),
]

# Of these, the values of moving statistics were not counted.
TRAINABLE = [
    ("mobilenet_v1", "mobilenet_v1", ("depth_multiplier=0.75",), 2_586_329, 137, 15),
    ("mobilenet_v1", "mobilenet_v1", ("depth_multiplier=0.5",), 1_332_105, 137, 15),
    ("mobilenet_v1", "mobilenet_v1", ("depth_multiplier=0.25",), 470_329, 137, 15),
    ("mobilenet_v2", "mobilenet_v2_140", (), 6_110_569, 262, 36),
    ("mobilenet_v2", "mobilenet_v2_035", (), 1_678_409, 262, 36),
    ("mobilenet_v3", "mobilenet_v3_small_minimalistic", (), 2_045_761, 174, 25),
    ("mobilenet_v3", "mobilenet_v3_large_minimalistic", (), 3_925_569, 234, 33),
    ("mobilenet_edgetpu", "mobilenet_edgetpu", (), 4_092_713, 292, 46),
    ("mobilenet_edgetpu", "mobilenet_edgetpu_075", (), 2_989_441, 292, 46),
    ("nasnet", "nasnet_cifar", (), 4_978_036, 1436, 450),
    ("nasnet", "nasnet_mobile", (), 7_703_044, 1138, 360),
    ("nasnet", "nasnet_large", (), 93_325_736, 1558, 492),
    ("pnasnet", "pnasnet_mobile", (), 7_479_113, 945, 299),
    ("pnasnet", "pnasnet_large", (), 90_648_974, 1191, 377),
    ("i3d", "i3d", (), 13_306_009, 230, 58),
    ("i3d", "s3dg", (), 10_134_873, 305, 114),
]

# Measured without their trainers' scopes: all values, no regularisers.
VALUES = [
    ("dcgan", "discriminator", (), 11_152_965),
    ("dcgan", "generator", (), 3_575_558),
    ("cyclegan", "cyclegan_generator_resnet", (), 7_841_219),
    ("pix2pix", "pix2pix_generator", (), 48_839_875),
    ("pix2pix", "pix2pix_discriminator", (), 2_765_633),
    ("alexnet", "alexnet", (), 60_965_224),  # Caffe's bvlc_alexnet
    # MobileNet v2 of half the width has no count of TF-Slim's; the paper gives 1.95 million.
    ("mobilenet_v2", "mobilenet_v2_050", (), 1_988_505),
    # timm's vit_tiny_patch16_224, vit_small_patch16_224 and vit_base_patch16_224.
    ("vit", "vit_ti_16", (), 5_717_416),
    ("vit", "vit_s_16", (), 22_050_664),
    ("vit", "vit_b_16", (), 86_567_656),
]
DECAY = ("weight_decay=0.00004",)

# Of `keras.applications` 3.15, without weights: all values, those that train, and variables.
# Keras's EfficientNet also has the mean, variance and count of its Normalization, which
# `preprocess` stands for: 3 variables with 7 values.
NORMALIZATION = 7
KERAS = [
    ("keras/resnet", "resnet50", 25_636_712, 25_583_592, 320),
    ("keras/resnet", "resnet101", 44_707_176, 44_601_832, 626),
    ("keras/resnet", "resnet152", 60_419_944, 60_268_520, 932),
    ("keras/resnet_v2", "resnet50_v2", 25_613_800, 25_568_360, 272),
    ("keras/resnet_v2", "resnet101_v2", 44_675_560, 44_577_896, 544),
    ("keras/resnet_v2", "resnet152_v2", 60_380_648, 60_236_904, 816),
    ("keras/inception_v3", "keras_inception_v3", 23_851_784, 23_817_352, 378),
    (
        "keras/inception_resnet_v2",
        "keras_inception_resnet_v2",
        55_873_736,
        55_813_192,
        898,
    ),
    ("keras/xception", "xception", 22_910_480, 22_855_952, 236),
    ("keras/mobilenet_v1", "keras_mobilenet", 4_253_864, 4_231_976, 137),
    ("keras/mobilenet_v2", "keras_mobilenet_v2", 3_538_984, 3_504_872, 262),
    ("keras/mobilenet_v3", "keras_mobilenet_v3_small", 2_554_968, 2_542_856, 210),
    ("keras/mobilenet_v3", "keras_mobilenet_v3_large", 5_507_432, 5_483_032, 266),
    ("keras/nasnet", "keras_nasnet_mobile", 5_326_716, 5_289_978, 1126),
    ("keras/nasnet", "keras_nasnet_large", 88_949_818, 88_753_150, 1546),
    ("keras/densenet", "densenet121", 8_062_504, 7_978_856, 606),
    ("keras/densenet", "densenet169", 14_307_880, 14_149_480, 846),
    ("keras/densenet", "densenet201", 20_242_984, 20_013_928, 1006),
    (
        "keras/efficientnet",
        "efficientnet_b0",
        5_330_571 - NORMALIZATION,
        5_288_548,
        314 - 3,
    ),
    (
        "keras/efficientnet",
        "efficientnet_b1",
        7_856_239 - NORMALIZATION,
        7_794_184,
        442 - 3,
    ),
    (
        "keras/efficientnet",
        "efficientnet_b2",
        9_177_569 - NORMALIZATION,
        9_109_994,
        442 - 3,
    ),
    (
        "keras/efficientnet",
        "efficientnet_b3",
        12_320_535 - NORMALIZATION,
        12_233_232,
        499 - 3,
    ),
    (
        "keras/efficientnet",
        "efficientnet_b4",
        19_466_823 - NORMALIZATION,
        19_341_616,
        613 - 3,
    ),
    (
        "keras/efficientnet",
        "efficientnet_b5",
        30_562_527 - NORMALIZATION,
        30_389_784,
        741 - 3,
    ),
    (
        "keras/efficientnet",
        "efficientnet_b6",
        43_265_143 - NORMALIZATION,
        43_040_704,
        855 - 3,
    ),
    (
        "keras/efficientnet",
        "efficientnet_b7",
        66_658_687 - NORMALIZATION,
        66_347_960,
        1040 - 3,
    ),
    ("keras/efficientnet_v2", "efficientnet_v2_b0", 7_200_312, 7_139_704, 361),
    ("keras/efficientnet_v2", "efficientnet_v2_b1", 8_212_124, 8_141_052, 443),
    ("keras/efficientnet_v2", "efficientnet_v2_b2", 10_178_374, 10_096_086, 462),
    ("keras/efficientnet_v2", "efficientnet_v2_b3", 14_467_622, 14_358_406, 538),
    ("keras/efficientnet_v2", "efficientnet_v2_s", 21_612_360, 21_458_488, 672),
    ("keras/efficientnet_v2", "efficientnet_v2_m", 54_431_388, 54_139_356, 963),
    ("keras/efficientnet_v2", "efficientnet_v2_l", 119_027_848, 118_515_272, 1331),
    ("keras/convnext", "convnext_tiny", 28_589_128, 28_589_128, 182),
    ("keras/convnext", "convnext_small", 50_223_688, 50_223_688, 344),
    ("keras/convnext", "convnext_base", 88_591_464, 88_591_464, 344),
    ("keras/convnext", "convnext_large", 197_767_336, 197_767_336, 344),
    ("keras/convnext", "convnext_xlarge", 350_196_968, 350_196_968, 344),
]

# Networks of no library that is installed: all values, as they are published.
PUBLISHED = [
    # zhixuhao/unet prints 31,031,685: it ends by 1,157 values where the paper has 130.
    ("unet", "unet", (), 31_031_685 - 1_157 + 130),
    # pierluigiferrari/ssd_keras prints it for 20 classes and the background.
    ("ssd_300", "ssd_300", (), 26_285_486),
    # fizyr/keras-retinanet prints it for one class.
    ("retinanet", "retinanet", ("classes=1",), 36_382_957),
    # Of four bytes in pjreddie.com's files, less five for the heads.
    ("yolo_v3", "darknet_53", ("classes=none",), 162_482_580 // 4 - 5),
    ("yolo_v3", "yolo_v3", (), 248_007_048 // 4 - 5),
    # nyoki-mtl/keras-facenet prints it: facenet's first models had 128 numbers for a face.
    (
        "facenet",
        "inception_resnet_v1",
        ("bottleneck_layer_size=128",),
        22_808_144,
    ),
    ("facenet", "facenet", ("bottleneck_layer_size=128",), 22_808_144),
    # bonlime/keras-deeplab-v3-plus prints both; the decoder and its features have 3,205,701.
    ("deeplab_v3_plus", "deeplab_v3_plus", (), 41_258_213),
    ("deeplab_v3_plus", "deeplab_mobilenet_v2", (), 2_146_645),
    ("xception_65", "xception_65", ("classes=none",), 41_258_213 - 3_205_701),
]


@pytest.mark.parametrize(("file", "name", "defines", "expected"), COUNTS)
def test_a_network_has_tf_slim_s_counts(
    file: str, name: str, defines: Defines, expected: Counts
) -> None:
    assert expected == counts(network(file, name, DECAY + defines))


@pytest.mark.parametrize(
    ("file", "name", "defines", "trainable", "variables", "regularized"), TRAINABLE
)
def test_a_network_has_tf_slim_s_trainable_values(
    file: str,
    name: str,
    defines: Defines,
    trainable: int,
    variables: int,
    regularized: int,
) -> None:
    found = counts(network(file, name, DECAY + defines))

    assert (trainable, variables) == (found.trainable, found.variables)
    assert regularized == found.regularized


@pytest.mark.parametrize(("file", "name", "defines", "values"), VALUES)
def test_a_network_has_as_many_values_as_its_original(
    file: str, name: str, defines: Defines, values: int
) -> None:
    assert values == counts(network(file, name, defines)).values


@pytest.mark.parametrize(("file", "name", "defines", "values"), PUBLISHED)
def test_a_network_has_as_many_values_as_published(
    file: str, name: str, defines: Defines, values: int
) -> None:
    assert values == counts(network(file, name, defines)).values


@pytest.mark.parametrize(("file", "name", "values", "trainable", "variables"), KERAS)
def test_a_network_has_keras_s_counts(
    file: str, name: str, values: int, trainable: int, variables: int
) -> None:
    found = counts(network(file, name))

    assert (values, trainable) == (found.values, found.trainable)
    assert variables == found.variables


def test_every_network_of_the_zoo_is_counted() -> None:
    declared = {
        (
            path.relative_to(ZOO).with_suffix("").as_posix(),
            line.split()[1].partition("(")[0],
        )
        for path in FILES
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("network ")
    }

    assert declared == {
        (row[0], row[1]) for row in (*COUNTS, *TRAINABLE, *VALUES, *PUBLISHED, *KERAS)
    }


# Names.

NAMES = {
    ("inception_v1", "inception_v1"): {
        "InceptionV1/Conv2d_1a_7x7/weights": (7, 7, 3, 64),
        "InceptionV1/Mixed_5b/Branch_2/Conv2d_0a_3x3/BatchNorm/moving_mean": (128,),
        "InceptionV1/Mixed_5c/Branch_2/Conv2d_0b_3x3/BatchNorm/beta": (128,),
        "InceptionV1/Logits/Conv2d_0c_1x1/biases": (1001,),
    },
    ("inception_v2", "inception_v2"): {
        "InceptionV2/Conv2d_1a_7x7/depthwise_weights": (7, 7, 3, 8),
        "InceptionV2/Conv2d_1a_7x7/pointwise_weights": (1, 1, 24, 64),
        "InceptionV2/Conv2d_1a_7x7/biases": (64,),
        "InceptionV2/Mixed_4a/Branch_1/Conv2d_1a_3x3/weights": (3, 3, 96, 96),
        "InceptionV2/Logits/Conv2d_1c_1x1/weights": (1, 1, 1024, 1001),
    },
    ("inception_v4", "inception_v4"): {
        "InceptionV4/Mixed_6h/Branch_2/Conv2d_0e_1x7/weights": (1, 7, 224, 256),
        "InceptionV4/Mixed_7d/Branch_2/Conv2d_0d_1x3/weights": (1, 3, 512, 256),
        "InceptionV4/AuxLogits/Conv2d_2a/weights": (5, 5, 128, 768),
        "InceptionV4/AuxLogits/Aux_logits/biases": (1001,),
        "InceptionV4/Logits/Logits/weights": (1536, 1001),
    },
    ("inception_resnet_v2", "inception_resnet_v2"): {
        "InceptionResnetV2/Repeat/block35_10/Conv2d_1x1/biases": (320,),
        "InceptionResnetV2/Repeat_1/block17_20/Branch_0/Conv2d_1x1/weights": (
            1,
            1,
            1088,
            192,
        ),
        "InceptionResnetV2/Repeat_2/block8_9/Branch_1/Conv2d_0c_3x1/weights": (
            3,
            1,
            224,
            256,
        ),
        "InceptionResnetV2/Block8/Conv2d_1x1/weights": (1, 1, 448, 2080),
        "InceptionResnetV2/AuxLogits/Logits/weights": (768, 1001),
        "InceptionResnetV2/Logits/Logits/weights": (1536, 1001),
    },
    ("resnet_v2", "resnet_v2_50"): {
        "resnet_v2_50/conv1/biases": (64,),
        "resnet_v2_50/block1/unit_1/bottleneck_v2/preact/gamma": (64,),
        "resnet_v2_50/block2/unit_1/bottleneck_v2/shortcut/biases": (512,),
        "resnet_v2_50/block4/unit_3/bottleneck_v2/conv3/biases": (2048,),
        "resnet_v2_50/postnorm/moving_variance": (2048,),
        "resnet_v2_50/logits/weights": (1, 1, 2048, 1001),
    },
    ("mobilenet_v1", "mobilenet_v1"): {
        "MobilenetV1/Conv2d_0/weights": (3, 3, 3, 32),
        "MobilenetV1/Conv2d_13_depthwise/depthwise_weights": (3, 3, 1024, 1),
        "MobilenetV1/Conv2d_13_depthwise/BatchNorm/gamma": (1024,),
        "MobilenetV1/Logits/Conv2d_1c_1x1/weights": (1, 1, 1024, 1001),
    },
    ("mobilenet_v2", "mobilenet_v2"): {
        "MobilenetV2/Conv/weights": (3, 3, 3, 32),
        "MobilenetV2/expanded_conv/depthwise/depthwise_weights": (3, 3, 32, 1),
        "MobilenetV2/expanded_conv_16/expand/weights": (1, 1, 160, 960),
        "MobilenetV2/expanded_conv_16/project/BatchNorm/beta": (320,),
        "MobilenetV2/Conv_1/weights": (1, 1, 320, 1280),
        "MobilenetV2/Logits/Conv2d_1c_1x1/biases": (1001,),
    },
    ("mobilenet_v3", "mobilenet_v3_large"): {
        "MobilenetV3/expanded_conv_3/squeeze_excite/Conv/biases": (24,),
        "MobilenetV3/expanded_conv_14/squeeze_excite/Conv_1/weights": (1, 1, 240, 960),
        "MobilenetV3/Conv_2/weights": (1, 1, 960, 1280),
        "MobilenetV3/Conv_2/biases": (1280,),
    },
    ("mobilenet_edgetpu", "mobilenet_edgetpu"): {
        "MobilenetEdgeTPU/expanded_conv/project/weights": (1, 1, 32, 16),
        "MobilenetEdgeTPU/expanded_conv_1/expand/weights": (3, 3, 16, 128),
    },
    ("nasnet", "nasnet_mobile"): {
        "conv0/weights": (3, 3, 3, 32),
        "cell_stem_0/comb_iter_0/right/separable_7x7_1/depthwise_weights": (
            7,
            7,
            32,
            1,
        ),
        "cell_stem_1/path2_conv/weights": (1, 1, 32, 11),
        "reduction_cell_1/prev_1x1/weights": (1, 1, 528, 176),
        "aux_7/aux_logits/FC/weights": (768, 1001),
        "final_layer/FC/biases": (1001,),
    },
    ("pnasnet", "pnasnet_mobile"): {
        "cell_stem_1/path1_conv/weights": (1, 1, 32, 13),
        "cell_stem_1/path2_conv/weights": (1, 1, 32, 14),
        "cell_8/comb_iter_4/left/bn_sep_3x3_2/gamma": (216,),
    },
    ("i3d", "s3dg"): {
        "InceptionV1/Conv2d_1a_7x7/weights": (3, 7, 7, 3, 64),
        "InceptionV1/Conv2d_2c_3x3/temporal/weights": (3, 1, 1, 192, 192),
        "InceptionV1/Conv2d_2c_3x3/temporal/biases": (192,),
        "InceptionV1/Mixed_5c/Branch_3/Conv2d_0b_1x1/self_gating/transformer_W/weights": (
            1,
            1,
            1,
            128,
            128,
        ),
    },
    ("cyclegan", "cyclegan_generator_resnet"): {
        "encoder/Conv_1/InstanceNorm/gamma": (256,),
        "residual_blocks/block_5/Conv_1/weights": (3, 3, 256, 256),
        "decoder/decoder2/upconv/Conv2d_transpose/biases": (64,),
        "output/Conv/biases": (3,),
    },
    ("pix2pix", "pix2pix_generator"): {
        "encoder/Conv_6/biases": (512,),
        "decoder/Conv_6/InstanceNorm/beta": (64,),
    },
    ("alexnet", "alexnet"): {"conv2/weights": (5, 5, 48, 256)},
    ("ssd_300", "ssd_300"): {
        "ssd_300_vgg/conv5/conv5_3/weights": (3, 3, 512, 512),
        "ssd_300_vgg/conv6/weights": (3, 3, 512, 1024),
        "ssd_300_vgg/block8/conv3x3/weights": (3, 3, 256, 512),
        "ssd_300_vgg/block4_box/L2Normalization/gamma": (512,),
        "ssd_300_vgg/block4_box/conv_loc/weights": (3, 3, 512, 16),
        "ssd_300_vgg/block11_box/conv_cls/biases": (84,),
    },
    ("retinanet", "retinanet"): {
        "resnet_v1_50/block4/unit_3/bottleneck_v1/conv3/BatchNorm/beta": (2048,),
        "build_pyramid/build_P5/weights": (1, 1, 2048, 256),
        "build_pyramid/build_P3/reduce_dim_P3/biases": (256,),
        "build_pyramid/fuse_P4/weights": (3, 3, 256, 256),
        "build_pyramid/p6_conv/weights": (3, 3, 2048, 256),
        "rpn_net/conv2d_3x3_cls_3/biases": (256,),
        "rpn_net/rpn_classification/weights": (3, 3, 256, 720),
        "rpn_net/rpn_regression/biases": (36,),
    },
    ("yolo_v3", "yolo_v3"): {
        "yolov3/darknet53_body/Conv/weights": (3, 3, 3, 32),
        "yolov3/darknet53_body/Conv_51/BatchNorm/moving_variance": (1024,),
        "yolov3/yolov3_head/Conv_6/biases": (255,),
        "yolov3/yolov3_head/Conv_8/weights": (1, 1, 768, 256),
        "yolov3/yolov3_head/Conv_22/weights": (1, 1, 256, 255),
    },
    ("deeplab_v3_plus", "deeplab_v3_plus"): {
        "xception_65/entry_flow/conv1_2/BatchNorm/moving_mean": (64,),
        "xception_65/entry_flow/block1/unit_1/xception_module/shortcut/weights": (
            1,
            1,
            64,
            128,
        ),
        "xception_65/middle_flow/block1/unit_16/xception_module/separable_conv3_depthwise/BatchNorm/gamma": (
            728,
        ),
        "xception_65/exit_flow/block2/unit_1/xception_module/separable_conv3_pointwise/weights": (
            1,
            1,
            1536,
            2048,
        ),
        "image_pooling/weights": (1, 1, 2048, 256),
        "aspp3_depthwise/depthwise_weights": (3, 3, 2048, 1),
        "concat_projection/weights": (1, 1, 1280, 256),
        "decoder/feature_projection0/weights": (1, 1, 256, 48),
        "decoder/decoder_conv0_pointwise/weights": (1, 1, 304, 256),
        "logits/semantic/biases": (21,),
    },
    ("deeplab_v3_plus", "deeplab_mobilenet_v2"): {
        "MobilenetV2/expanded_conv_16/project/weights": (1, 1, 960, 320),
        "image_pooling/weights": (1, 1, 320, 256),
        "concat_projection/BatchNorm/gamma": (256,),
    },
    ("facenet", "facenet"): {
        "InceptionResnetV1/Conv2d_4b_3x3/BatchNorm/beta": (256,),
        "InceptionResnetV1/Repeat/block35_5/Conv2d_1x1/biases": (256,),
        "InceptionResnetV1/Repeat_1/block17_10/Branch_1/Conv2d_0c_7x1/weights": (
            7,
            1,
            128,
            128,
        ),
        "InceptionResnetV1/Block8/Conv2d_1x1/weights": (1, 1, 384, 1792),
        "InceptionResnetV1/Bottleneck/weights": (1792, 512),
        "InceptionResnetV1/Bottleneck/BatchNorm/moving_mean": (512,),
    },
}


@pytest.mark.parametrize(("file", "name"), NAMES)
def test_variables_have_the_checkpoints_names_and_shapes(file: str, name: str) -> None:
    expected = NAMES[file, name]
    found = shapes(network(file, name))

    assert expected == {key: found.get(key) for key in expected}


# Build parameters.

SIZES = [
    ("vgg", "vgg_a", "images=240x256x3 global_pool=true", (1000,)),
    ("overfeat", "overfeat", "images=300x300x3 spatial_squeeze=false", (3, 3, 1000)),
    ("inception_v1", "inception_v1", "final_endpoint=Mixed_4f", (14, 14, 832)),
    ("inception_v2", "inception_v2", "images=128x128x3", (1001,)),
    ("inception_v2", "inception_v2", "depth_multiplier=0.5 classes=none", (1, 1, 512)),
    ("inception_v4", "inception_v4", "classes=none images=399x199x3", (1, 1, 1536)),
    (
        "inception_resnet_v2",
        "inception_resnet_v2",
        "output_stride=8 align_feature_maps=true final_endpoint=PreAuxLogits",
        (38, 38, 1088),
    ),
    (
        "resnet_v2",
        "resnet_v2_101",
        "output_stride=8 images=321x321x3 global_pool=false classes=none",
        (41, 41, 2048),
    ),
    (
        "mobilenet_v1",
        "mobilenet_v1",
        "output_stride=8 explicit_padding=true final_endpoint=Conv2d_13_pointwise",
        (28, 28, 1024),
    ),
    ("mobilenet_v2", "mobilenet_v2", "final_endpoint=layer_19", (7, 7, 1280)),
    (
        "mobilenet_v2",
        "mobilenet_v2",
        "output_stride=16 final_endpoint=layer_18",
        (14, 14, 320),
    ),
    ("mobilenet_v3", "mobilenet_v3_small", "final_endpoint=layer_13", (7, 7, 576)),
    ("nasnet", "nasnet_cifar", "final_endpoint=Reduction_Cell_1", (8, 8, 512)),
    ("i3d", "i3d", "frames=16 classes=5", (5,)),
    ("dcgan", "discriminator", "images=64x64x3", (1,)),
    ("dcgan", "generator", "final_size=64", (64, 64, 3)),
    (
        "cyclegan",
        "cyclegan_generator_resnet",
        "upsample=nearest images=64x128x3",
        (64, 128, 3),
    ),
    ("pix2pix", "pix2pix_generator", "upsample=transpose", (256, 256, 3)),
    ("pix2pix", "pix2pix_discriminator", "depths=[64,128]", (131, 131, 1)),
    ("unet", "unet", "", (388, 388, 2)),
    ("unet", "unet", "padding=SAME images=96x64x3 levels=3", (96, 64, 2)),
    ("ssd_300", "ssd_300", "", (8732, 4)),
    ("retinanet", "retinanet", "images=600x600x3", (67_995, 4)),
    ("yolo_v3", "darknet_53", "", (1000,)),
    ("yolo_v3", "yolo_v3", "classes=20 images=608x608x3", (19, 19, 75)),
    ("facenet", "facenet", "", (512,)),
    (
        "xception_65",
        "xception_65",
        "classes=none global_pool=false output_stride=8 images=513x513x3",
        (65, 65, 2048),
    ),
    (
        "deeplab_v3_plus",
        "deeplab_v3_plus",
        "output_stride=8 rates=[12,24,36] images=321x513x3 multi_grid=[1,2,4]",
        (321, 513, 21),
    ),
    (
        "deeplab_v3_plus",
        "deeplab_mobilenet_v2",
        "rates=[6,12,18] decoder=true final_endpoint=decoder/decoder_conv1_pointwise",
        (129, 129, 256),
    ),
]


@pytest.mark.parametrize(("file", "name", "defines", "size"), SIZES)
def test_a_build_parameter_has_its_effect(
    file: str, name: str, defines: str, size: tuple[int, ...]
) -> None:
    found = network(file, name, tuple(defines.split()))

    assert (None, *size) == output(found)


@pytest.mark.parametrize("size", ["33x33x3", "48x48x3", "64x32x3"])
def test_the_size_of_dcgan_s_images_is_a_power_of_2(size: str) -> None:
    path = ZOO / "dcgan.slim"
    source = Source(str(path), path.read_text(encoding="utf-8"))
    request = Request((("images", size),), ("discriminator",))

    found = analyze(source, request, FileReader(Diagnostics()))

    assert ["E121"] == [diagnostic.code for diagnostic in found.diagnostics]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_of_the_zoo_is_in_canonical_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    diagnostics = Diagnostics()

    assert text.startswith("# ")
    assert format_source(Source(path.name, text), diagnostics) == text
    assert [] == list(diagnostics)
