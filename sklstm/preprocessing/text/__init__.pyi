from .tokenizer import tokenizer_for_language_model

__all__ = ["tokenizer_for_language_model"]
