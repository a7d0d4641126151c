"""Token ids with their vocabulary: the reserved ids, ``Vocabulary`` and ``TokenArray``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from numbers import Integral
from typing import Any, Literal

import numpy as np

from sklstm._sequences.arrays import object_array, plain

PADDING_ID, UNKNOWN_ID, START_ID, END_ID = range(4)
N_RESERVED = 4
RESERVED_WORDS = ("<pad>", "<unk>", "<start>", "<end>")
# Arrays of fewer bytes are pickled as bytes.
_SMALL = 1 << 16
# The column of token ids in a data frame, and where pandas keeps the vocabulary beside it. The
# characters have a place of their own: a file keeps both as plain dicts.
SEQUENCE_COLUMN, VOCABULARY_ATTR = "sequence", "sklstm_vocabulary"
CHARACTERS_ATTR, BAGS_ATTR, UNIT_ATTR = "sklstm_characters", "sklstm_bags", "sklstm_unit"

Unit = Literal["word", "char", "subword"]
# What an id of each unit stands for, for messages.
_UNITS: dict[str, str] = {"word": "words", "char": "characters", "subword": "subwords"}
# Words that hold an apostrophe or hyphen, such as "isn't" and "well-known".
_COMPOUND = re.compile(r"\w['\u2019\u2010\u2011-]\w")


def check_unit(unit: Unit) -> Unit:
    """Return a unit if it is one of those that there are."""
    if unit not in _UNITS:
        raise ValueError(f"unit must be one of {', '.join(map(repr, _UNITS))}, got {unit!r}.")
    return unit


class Vocabulary(dict[str, int]):
    """Map each word to its id; ids below ``N_RESERVED`` are not words.

    Users see a dict. It is never changed after it was built, so a copy is the object itself, and
    `clone` and `GridSearchCV` copy it at no cost.

    Parameters
    ----------
    words : iterable of str
        The words, the one with id ``N_RESERVED`` first.
    characters : Vocabulary or None, default=None
        The characters of the words, if sequences hold the ids of characters beside those of
        words. Vocabularies with different characters are not equal.
    bags : bool, default=False
        Whether a step of a sequence is a bag of words: any number of ids, in no order, padded with
        0. Networks average their vectors. Vocabularies with and without bags are not equal.
    unit : {"word", "char", "subword"}, default="word"
        What an id stands for, and so how the tokens of a text are joined. A vocabulary of
        subwords equals no other one: its tokens are parts of words, and bytes. Single characters
        mean the same as words of one letter.

    Attributes
    ----------
    characters, bags, unit
        The parameters.
    is_lowercase : bool
        Whether no word has an upper-case letter.
    has_compounds : bool
        Whether words hold apostrophes or hyphens between letters.
    """

    def __init__(
        self,
        words: Iterable[str] = (),
        characters: Vocabulary | None = None,
        bags: bool = False,
        unit: Unit = "word",
    ):
        listed = list(words)
        super().__init__({word: i for i, word in enumerate(listed, start=N_RESERVED)})
        if len(self) != len(listed):
            twice = Counter(listed).most_common(1)[0][0]
            raise ValueError(
                f"each word of a vocabulary has one id, but {plain(twice)!r} is given twice."
            )
        self.characters = characters
        self.bags = bags
        self.unit: Unit = check_unit(unit)

    @property
    def n_ids(self) -> int:
        """The largest id plus one: the number of rows of an embedding."""
        return len(self) + N_RESERVED

    @cached_property
    def is_lowercase(self) -> bool:
        return all(word == word.lower() for word in self)

    @cached_property
    def has_compounds(self) -> bool:
        return any(map(_COMPOUND.search, self))

    def size(self) -> str:
        """Return how many words there are, and in how many characters, for messages."""
        size = f"{len(self)} {_UNITS[self.unit]}"
        if self.bags:
            return f"{size}, several in a step"
        if self.characters is None:
            return size
        return f"{size} in {len(self.characters)} characters"

    def replace(self, **changes: Any) -> Vocabulary:
        """Return a vocabulary of the same words with other `characters`, `bags` or `unit`."""
        kept = {"characters": self.characters, "bags": self.bags, "unit": self.unit}
        return Vocabulary(self, **kept | changes)

    def words(self) -> np.ndarray:
        """Return the word of each id, including the reserved ids, as a read-only object array."""
        return self._words

    @cached_property
    def _words(self) -> np.ndarray:
        words = np.array([*RESERVED_WORDS, *self], dtype=object)
        words.flags.writeable = False
        return words

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Vocabulary) and (
            self.characters != other.characters
            or self.bags != other.bags
            or (self.unit == "subword") != (other.unit == "subword")
        ):
            return False
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:  # a dict has its own
        return not self == other

    def __copy__(self) -> Vocabulary:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Vocabulary:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        if self.unit != "word":
            return Vocabulary, (list(self), self.characters, self.bags, self.unit)
        if self.bags:
            return Vocabulary, (list(self), self.characters, True)
        if self.characters is None:
            return Vocabulary, (list(self),)
        return Vocabulary, (list(self), self.characters)


class TokenArray(np.ndarray):
    """Token ids, and the vocabulary that they belong to.

    Either sequences, in a one-dimensional object array whose items are a `TokenArray` each, or in
    an object array of shape (n, 1), as a column of a table; or an integer array: one sequence, or
    padded ones of shape (n, T).

    A step may also hold K ids: sequences of shape (T_i, K), or a padded array of shape
    (n, T, K). If the vocabulary has `characters`, the first id is that of a word, the others are
    those of its characters; if it has `bags`, they are words in no order.

    Slices, items, copies, pickles and joblib keep the vocabulary, and so do numpy's functions that
    select, rearrange or combine ids (`concatenate`, `take`, `where`, ...), which refuse arrays of
    different vocabularies. Since the items have it too, it is kept where the array itself becomes
    a list, a Series, a column of a data frame or a plain object array. What is computed with ids,
    by arithmetic, comparisons or other functions of numpy, is a plain array.

    A sequence may also have its `unknown_words`: the word at each id 1, in their order, "" where it
    is not known. An estimator with pretrained vectors reads them by these. Copies and pickles of
    the sequence keep them. Slices, other arrays computed from it, and the sequence itself after an
    assignment have none, as the words at other places would no longer fit.
    """

    # Of each sequence: without slots, each would have a dict.
    __slots__ = ("unknown_words", "vocabulary")

    vocabulary: Vocabulary | None
    unknown_words: tuple[str, ...] | None

    def __new__(cls, sequences: Any, vocabulary: Vocabulary | None = None) -> TokenArray:
        if isinstance(sequences, np.ndarray) and sequences.dtype != object:
            if sequences.dtype.kind not in "iu":
                raise TypeError(f"token ids are integers, got an array of {sequences.dtype}.")
            return _rebuild(cls, sequences, vocabulary)
        is_column = isinstance(sequences, np.ndarray) and sequences.shape[1:] == (1,)
        items = object_array(
            _rebuild(cls, np.asarray(item, dtype=np.int32), vocabulary, words_of(item))
            for item in (sequences.ravel() if is_column else sequences)
        )
        return _rebuild(cls, items[:, None] if is_column else items, vocabulary)

    def __array_finalize__(self, source: Any) -> None:
        self.vocabulary = getattr(source, "vocabulary", None)
        self.unknown_words = None

    def __setitem__(self, key: Any, value: Any) -> None:
        self.unknown_words = None
        super().__setitem__(key, value)

    def copy(self, order: Any = "C") -> TokenArray:
        """Return a copy, with the unknown words of a sequence."""
        return _with_words(super().copy(order), self.unknown_words)

    def __copy__(self) -> TokenArray:
        return _with_words(super().__copy__(), self.unknown_words)

    def __deepcopy__(self, memo: Any) -> TokenArray:
        return _with_words(super().__deepcopy__(memo), self.unknown_words)

    def __array_wrap__(
        self, array: np.ndarray, context: Any = None, return_scalar: bool = False
    ) -> Any:
        """Return the result of a ufunc, which is no longer ids, as a plain array."""
        if array is self:  # ids += 1
            return self
        plain = array.view(np.ndarray)
        return plain[()] if plain.ndim == 0 else plain

    def __array_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Iterable[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """Run a function of numpy; its result has the vocabulary if it holds ids."""
        if not all(issubclass(kind, np.ndarray) for kind in types):
            return NotImplemented
        places = _HOLDS_IDS_OF.get(func, ())
        given = list(args) or list(kwargs.values())[:1]
        arrays = [array for i in places if i < len(given) for array in _arrays(given[i])]
        holds_ids, vocabulary = _combined(arrays, func.__name__)
        plain = {name: _plain(value) for name, value in kwargs.items()}
        # The parent calls the implementation: sequences in an object array would call this again.
        result = super().__array_function__(func, types, _plain(args), plain)
        return _as_ids(result, vocabulary, func) if holds_ids else result

    def squeeze(self, axis: Any = None) -> TokenArray:
        """Return the ids without axes of length 1; numpy's method would wrap them as a result."""
        return _rebuild(type(self), self.view(np.ndarray).squeeze(axis), self.vocabulary)

    def __reduce__(self) -> tuple[Any, ...]:
        plain = self.view(np.ndarray)
        if self.dtype == object and self.size:
            items = list(plain.flat)
            if (
                all(
                    type(item) is TokenArray
                    and item.vocabulary is self.vocabulary
                    and item.dtype == np.int32
                    and item.ndim
                    for item in items
                )
                and len({item.shape[1:] for item in items}) == 1
            ):
                # One array in place of one for each sequence, in less space and time.
                ids = np.concatenate([item.view(np.ndarray) for item in items])
                lengths = np.array([len(item) for item in items])
                words = [item.unknown_words for item in items]
                known = (words,) if any(words) else ()
                state = (type(self), ids, lengths, self.shape, self.vocabulary, *known)
                return _split_again, state
        elif self.nbytes < _SMALL and self.dtype != object:
            # A list of sequences: faster than an array for each. Files and processes may share the
            # memory of large arrays, which therefore stay arrays.
            buffer = bytearray(plain.tobytes())
            small = (type(self), buffer, self.dtype, self.shape, self.vocabulary)
            return _from_bytes, (*small, *self._known_words())
        return _rebuild, (type(self), plain, self.vocabulary, *self._known_words())

    def _known_words(self) -> tuple[Any, ...]:
        return () if self.unknown_words is None else (self.unknown_words,)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return self.__reduce__()


def _on_plain(name: str) -> Any:
    def method(self: TokenArray, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.view(np.ndarray), name)(*args, **kwargs)

    return method


# The other methods select ids, or are ufuncs.
for _name in ("argmax", "argmin", "argpartition", "argsort", "cumprod", "cumsum", "dot"):
    setattr(TokenArray, _name, _on_plain(_name))


def _rebuild(
    cls: type[TokenArray],
    plain: np.ndarray,
    vocabulary: Vocabulary | None,
    words: tuple[str, ...] | None = None,
) -> TokenArray:
    array = plain.view(cls)
    array.vocabulary = vocabulary
    array.unknown_words = words
    return array


def _with_words(array: TokenArray, words: tuple[str, ...] | None) -> TokenArray:
    array.unknown_words = words
    return array


def words_of(item: Any) -> tuple[str, ...] | None:
    """Return the unknown words of a sequence, or None."""
    return item.unknown_words if isinstance(item, TokenArray) else None


def _from_bytes(
    cls: type[TokenArray],
    ids: bytearray,
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    vocabulary: Vocabulary | None,
    words: tuple[str, ...] | None = None,
) -> TokenArray:
    array = np.ndarray.__new__(cls, shape, dtype, ids)
    array.vocabulary = vocabulary
    array.unknown_words = words
    return array


def _split_again(
    cls: type[TokenArray],
    ids: np.ndarray,
    lengths: np.ndarray,
    shape: tuple[int, ...],
    vocabulary: Vocabulary | None,
    words: list[tuple[str, ...] | None] | None = None,
) -> TokenArray:
    """Return sequences, pickled as their concatenated ids."""
    flat = _rebuild(cls, ids, vocabulary)
    ends = np.cumsum(lengths)
    cuts = [0, *ends.tolist()]
    items = object_array(flat[start:end] for start, end in pairwise(cuts))
    for item, own in zip(items, words or (), strict=False):
        item.unknown_words = own
    return _rebuild(cls, items.reshape(shape), vocabulary)


# numpy's functions

# Those whose result holds ids of their first argument, ...
_OF_FIRST = (
    "array_split astype block broadcast_to column_stack concatenate concat copy delete diagonal "
    "dsplit dstack empty_like expand_dims flip fliplr flipud full_like hsplit hstack "
    "matrix_transpose moveaxis ones_like pad partition permute_dims ravel repeat reshape resize "
    "roll rollaxis rot90 sort split squeeze stack swapaxes take take_along_axis tile transpose "
    "trim_zeros unique unstack vsplit vstack zeros_like"
)
# ... of every argument, ...
_OF_ALL = "append atleast_1d atleast_2d atleast_3d broadcast_arrays"
# ... or of those at these places.
_OF_SOME = {
    "choose": (1,),
    "compress": (1,),
    "copyto": (0, 1),
    "extract": (1,),
    "insert": (0, 2),
    "intersect1d": (0, 1),
    "place": (0, 2),
    "put": (0, 2),
    "putmask": (0, 2),
    "select": (1, 2),
    "setdiff1d": (0, 1),
    "setxor1d": (0, 1),
    "union1d": (0, 1),
    "where": (1, 2),
}
_ALL = (*range(32),)
_HOLDS_IDS_OF: dict[Any, tuple[int, ...]] = {
    getattr(np, name): places
    for name, places in (
        dict.fromkeys(_OF_FIRST.split(), (0,)) | dict.fromkeys(_OF_ALL.split(), _ALL) | _OF_SOME
    ).items()
    if hasattr(np, name)  # some came with numpy 2
} | {np.lib.stride_tricks.sliding_window_view: (0,)}


def _plain(value: Any) -> Any:
    """Return an argument of a function with plain arrays in place of token ids."""
    if isinstance(value, TokenArray):
        return value.view(np.ndarray)
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    return value


def _arrays(value: Any) -> Iterator[np.ndarray]:
    """Yield the arrays in an argument of a function, or in nested lists of them."""
    if isinstance(value, np.ndarray):
        if type(value) is np.ndarray and value.dtype == object and _holds_tokens(value.flat):
            yield from map(np.asanyarray, value.flat)
        else:
            yield value
    elif isinstance(value, list | tuple) and any(np.ndim(item) for item in value):
        for item in value:
            yield from _arrays(item)
    elif value is not None and not isinstance(value, Integral):  # a number written by hand is an id
        yield np.asarray(value)


def _holds_tokens(items: Iterable[Any]) -> bool:
    return TokenArray in set(map(type, items))


def _combined(arrays: list[np.ndarray], name: str) -> tuple[bool, Vocabulary | None]:
    """Return whether arrays become token ids when they are combined, and their vocabulary."""
    tokens = [array for array in arrays if isinstance(array, TokenArray)]
    vocabularies = [array.vocabulary for array in tokens if array.vocabulary is not None]
    for other in vocabularies[1:]:
        if other is not vocabularies[0] and other != vocabularies[0]:
            raise ValueError(
                f"np.{name} is given token ids of different vocabularies ({vocabularies[0].size()} "
                f"and {other.size()}), so that the same ids stand for other words. Make all of "
                "them with the same tokenizer."
            )
    others = [array for array in arrays if getattr(array, "vocabulary", None) is None]
    if not tokens or (others and any(array.dtype == object for array in arrays)):
        return False, None  # sequences in a plain array have their own vocabulary
    if vocabularies and not all(map(_are_reserved, others)):
        # Whole numbers become plain ones, of which `fit` warns. Floats beside ids, which other
        # models may read, stay ids for an LSTM, which refuses them.
        return any(array.dtype.kind == "f" for array in others), None
    return True, vocabularies[0] if vocabularies else None


def _are_reserved(numbers: np.ndarray) -> bool:
    """Return True for ids such as padding, which mean the same in every vocabulary.

    Of floats, which may be one-hot columns, these are zeros only.
    """
    if numbers.dtype.kind in "iu":
        return bool(np.isin(numbers, range(N_RESERVED)).all())
    return numbers.dtype.kind == "f" and not numbers.any()


def _as_ids(result: Any, vocabulary: Vocabulary | None, func: Any) -> Any:
    """Return the result of a function as token ids."""
    if isinstance(result, np.ndarray):
        kinds = "iuO" if func.__name__.endswith("_like") else "iufO"
        if result.dtype.kind not in kinds:
            return result
        return _rebuild(TokenArray, result, vocabulary)
    if isinstance(result, tuple) and func in (np.unique, np.intersect1d):  # the others are indices
        return (_as_ids(result[0], vocabulary, func), *result[1:])
    if type(result) in (list, tuple):
        return type(result)(_as_ids(part, vocabulary, func) for part in result)
    return result


# The vocabulary of X


def vocabulary_of(X: Any) -> Vocabulary | None:
    """Return the vocabulary of a `TokenArray`, or the one that pandas keeps beside a frame.

    Files such as parquet keep it as a plain dict, from which it is built again.
    """
    if isinstance(X, TokenArray):
        return X.vocabulary
    attrs = getattr(X, "attrs", None)
    if not isinstance(attrs, Mapping) or attrs.get(VOCABULARY_ATTR) is None:
        return None
    words = attrs[VOCABULARY_ATTR]
    if isinstance(words, Vocabulary):
        return words
    characters = attrs.get(CHARACTERS_ATTR)
    known = None if characters is None else Vocabulary(_by_id(characters, CHARACTERS_ATTR))
    listed, bags = _by_id(words, VOCABULARY_ATTR), bool(attrs.get(BAGS_ATTR))
    return Vocabulary(listed, known, bags, attrs.get(UNIT_ATTR, "word"))


def _by_id(words: Any, name: str) -> list[str]:
    """Return the words of a plain dict, such as JSON gives back."""
    ids = sorted(words.values()) if isinstance(words, Mapping) else []
    if not isinstance(words, Mapping) or ids != list(range(N_RESERVED, N_RESERVED + len(words))):
        raise ValueError(
            f"X.attrs[{name!r}] must map each word to its id, {N_RESERVED} for the first; "
            "remove it from X.attrs, or put the vocabulary_ of the SequenceTokenizer there."
        )
    return sorted(words, key=words.__getitem__)


def keep_vocabulary(frame: Any, vocabulary: Vocabulary | None) -> None:
    """Put a vocabulary beside a data frame."""
    if vocabulary is not None:
        frame.attrs[VOCABULARY_ATTR] = vocabulary
        if vocabulary.characters is not None:
            frame.attrs[CHARACTERS_ATTR] = vocabulary.characters
        if vocabulary.bags:
            frame.attrs[BAGS_ATTR] = True
        if vocabulary.unit != "word":
            frame.attrs[UNIT_ATTR] = vocabulary.unit


def shared_vocabulary(
    items: Sequence[Any], vocabulary: Vocabulary | None = None, *, are_ids: bool = False
) -> tuple[bool, Vocabulary | None]:
    """Return whether sequences are token ids, and the vocabulary that they have in common.

    Parameters
    ----------
    items : sequence of sequences
        What X holds.
    vocabulary : Vocabulary or None, default=None
        That of X itself.
    are_ids : bool, default=False
        Whether all items are known to be token ids, so that those without a vocabulary have the
        one of the others.

    Raises
    ------
    ValueError
        If two of them have different vocabularies, or only some are token ids.
    """
    if not _holds_tokens(items):
        return are_ids, vocabulary
    owner = "X"
    checked = {id(vocabulary)}  # each object once: a comparison takes time
    for i, item in enumerate(items):
        other = item.vocabulary if isinstance(item, TokenArray) else None
        if other is None or id(other) in checked:
            continue
        checked.add(id(other))
        if vocabulary is None:
            vocabulary, owner = other, f"X[{i}]"
        elif other != vocabulary:
            raise ValueError(
                f"X[{i}] was tokenized with another vocabulary ({other.size()}) than {owner} "
                f"({vocabulary.size()}), so its ids stand for other words or characters. Make all "
                "of them with the same tokenizer."
            )
    if not are_ids:
        _check_all_ids(items, vocabulary)
    return True, vocabulary


def _check_all_ids(items: Sequence[Any], vocabulary: Vocabulary | None) -> None:
    """Raise ValueError if an item has no vocabulary, and ids of words."""
    first = next(i for i, item in enumerate(items) if isinstance(item, TokenArray))
    for i, item in enumerate(items):
        known = isinstance(item, TokenArray) and (item.vocabulary is None) == (vocabulary is None)
        if not known and not _are_reserved(np.asarray(item)):
            raise ValueError(
                f"X[{i}] has no vocabulary, but X[{first}] is a sequence of token ids. Make all of "
                f"them with the same SequenceTokenizer; or, if X[{i}] holds ids of the same "
                f"vocabulary, replace it by type(X[{first}])(np.array(X[{i}]), "
                f"X[{first}].vocabulary)."
            )
