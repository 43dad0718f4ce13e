"""A built network beside the one that it follows, with the same weights and images.

Three programs run in processes of their own and meet in a folder: `slim_side` or
`keras_side` writes weights and what the original computes, `built_side` restores the weights
into the built file and compares. TF-Slim switches its whole process to graph mode and to
tf_keras, which a built file must not depend on; and what stands beside it should be all that
the built file shares with the process. `session` starts them; it and the parts that it needs
import no TensorFlow.
"""
