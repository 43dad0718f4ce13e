"""The zoo: `use "zoo/resnet_v1.slim"` finds the sources in this folder and in zoo/."""
