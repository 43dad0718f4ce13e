"""TFRecord files from folders of images, under TF-Slim's keys and without TensorFlow."""
