"""Reading saved Keras models and writing model packages."""
