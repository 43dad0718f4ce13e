"""Lines of jobs about random changes to images, in training alone."""

from collections.abc import Mapping
from typing import ClassVar

from slimgen.layers.argument_types import Choice, Integer, ListOf, Real
from slimgen.layers.declaration import parameter
from slimgen.layers.jobs.job_line import JobLine

SHARE = Real(at_least=0, at_most=1)


class Augmentation(JobLine):
    """A random change to images in training."""

    word = "augment"
    moves: ClassVar[bool] = False  # pixels move, so that labels of pixels do not fit
    # It takes the place of the random changes that the family of `preprocess` makes.
    replaces_family: ClassVar[bool] = False
    without_zeros: ClassVar[bool] = False  # the built file has no setting of 0

    def subject(self) -> tuple[str | None, ...]:
        return (self.form,)


class CropToInput(Augmentation):
    """A cut to the input's size."""

    moves = True
    replaces_family = True


class Mix(Augmentation):
    """A blend of the examples of a batch, and of their labels."""


class RandomResizedCrop(CropToInput):
    """Cut out a part of the image, and resize it to the input's size.

    Of ten draws the first that lies in the image is taken; else its middle.

    Source: torchvision.transforms.RandomResizedCrop; Szegedy et al., arXiv:1409.4842
    """

    form = "random_resized_crop"
    example = "augment random_resized_crop scale=[0.08, 1.0]"
    renamed: ClassVar = {"scale": "crop_scale", "ratio": "crop_ratio"}

    scale: tuple[float, ...] = parameter(
        ListOf(Real(above=0, at_most=1), 2),
        "least and greatest share of the image's area",
        (0.08, 1.0),
        positional=False,
    )
    ratio: tuple[float, ...] = parameter(
        ListOf(Real(above=0), 2),
        "least and greatest width by height",
        (0.75, 1.3333333),
        positional=False,
    )


class RandomCrop(CropToInput):
    """Put a black margin around the image, and cut the input's size out of it.

    Source: torchvision.transforms.RandomCrop
    """

    form = "random_crop"
    example = "augment random_crop padding=4"
    renamed: ClassVar = {"padding": "crop_padding"}
    texts: ClassVar = {
        "padding": "pixels of the margin around an image before it is cropped"
    }

    padding: int = parameter(Integer(0), "pixels of the margin", 0, positional=False)


class Flip(Augmentation):
    """Mirror the image, left to right."""

    form = "flip"
    moves = True
    replaces_family = True
    example = "augment flip"
    renamed: ClassVar = {"probability": "flip"}

    probability: float = parameter(SHARE, "share of the images", 0.5)


class ColorJitter(Augmentation):
    """Change brightness, contrast, saturation and hue, in this order.

    A factor is drawn from max(0, 1 - x) to 1 + x, the turn of the hue from -x to x. The
    factor multiplies the image, or blends it with its mean grey (contrast) or with its
    grey form (saturation); what leaves [0, 1] is clipped.

    Source: torchvision.transforms.ColorJitter
    """

    form = "color_jitter"
    replaces_family = True
    without_zeros = True
    example = "augment color_jitter brightness=0.4 contrast=0.4 saturation=0.4"
    texts: ClassVar = {
        "brightness": "how much brightness changes",
        "contrast": "how much contrast changes",
        "saturation": "how much saturation changes",
        "hue": "how much hue changes",
    }

    brightness: float = parameter(
        Real(at_least=0), "x of the brightness; 0: it stays", 0.0, positional=False
    )
    contrast: float = parameter(
        Real(at_least=0), "x of the contrast; 0: it stays", 0.0, positional=False
    )
    saturation: float = parameter(
        Real(at_least=0), "x of the saturation; 0: it stays", 0.0, positional=False
    )
    hue: float = parameter(
        Real(at_least=0, at_most=0.5),
        "x of the hue; 0: it stays",
        0.0,
        positional=False,
    )


class RandomErasing(Augmentation):
    """Set a part of the network's input to zero.

    Source: Zhong et al., arXiv:1708.04896; torchvision.transforms.RandomErasing
    """

    form = "random_erasing"
    example = "augment random_erasing 0.25"
    renamed: ClassVar = {
        "probability": "erasing",
        "scale": "erasing_scale",
        "ratio": "erasing_ratio",
    }

    probability: float = parameter(SHARE, "share of the images", 0.5)
    scale: tuple[float, ...] = parameter(
        ListOf(Real(above=0, at_most=1), 2),
        "least and greatest share of the area",
        (0.02, 0.33),
        positional=False,
    )
    ratio: tuple[float, ...] = parameter(
        ListOf(Real(above=0), 2),
        "least and greatest width by height",
        (0.3, 3.3),
        positional=False,
    )


class Mixup(Mix):
    """Blend each image of a batch with the one before it, by a share from Beta(alpha, alpha).

    The loss is that of both labels, each by its share.

    Source: Zhang et al., arXiv:1710.09412
    """

    form = "mixup"
    example = "augment mixup 0.2"
    renamed: ClassVar = {"alpha": "mixup"}

    alpha: float = parameter(Real(above=0), "of the distribution of the share")


class Cutmix(Mix):
    """Put a part of the image before it into each image of a batch, of Beta(alpha, alpha)'s area.

    The loss is that of both labels, each by its share of the area. With `mixup` too, half of
    the batches have one and half the other.

    Source: Yun et al., arXiv:1905.04899
    """

    form = "cutmix"
    example = "augment cutmix 1.0"
    renamed: ClassVar = {"alpha": "cutmix"}

    alpha: float = parameter(
        Real(above=0), "of the distribution of the area that stays"
    )


AUGMENTATIONS: Mapping[str, type[Augmentation]] = {
    augmentation.form: augmentation
    for augmentation in (
        *(RandomResizedCrop, RandomCrop, Flip, ColorJitter),
        *(RandomErasing, Mixup, Cutmix),
    )
}


class AugmentLine(JobLine):
    """A random change to images in training; the changes come in the order of this list.

    The first four replace the random changes of the family of `preprocess`; without
    a crop among them the image is brought to size as in evaluation. The others come after.
    All depend on nothing but seed, record and epoch.
    """

    word = "augment"
    example = "augment random_resized_crop"
    forms = AUGMENTATIONS

    kind: str = parameter(
        Choice(tuple(AUGMENTATIONS)), "the change, whose arguments follow"
    )
