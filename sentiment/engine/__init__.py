"""Runs models over texts: tokens, embedding rows, batches, ONNX Runtime or torch.

Knows logits and vectors, not what they mean; torch and transformers are imported only when a
custom checkpoint is named.
"""
