"""Wrong arguments of the modules: named at construction and at the call, never broadcast."""

import numpy as np
import pytest
import torch
from torch import nn

from sklstm.nn import (
    AttentionPooling,
    CharacterConvolution,
    ConvolutionPool,
    CRFHead,
    CRFLoss,
    CumulativeLinkHead,
    Dropout,
    FullyConvolutional,
    LastPooling,
    LinearChainCRF,
    LinearHead,
    MaskedBatchNorm,
    MaxPooling,
    MeanPooling,
    QuantileHead,
    RecurrentLayer,
    RecurrentStack,
    SequenceNetwork,
    Standardize,
    StepConvolution,
    StepLoss,
    TokenEmbedding,
    WeightedLoss,
    WordCharacterEmbedding,
    absolute_loss,
    binary_loss,
    distance_weighted_loss,
    huber_loss,
    make_pooling,
    multiclass_loss,
    poisson_loss,
    quantile_loss,
    squared_loss,
)
from sklstm.nn.autoencoder import DenseAutoencoder, SequenceAutoencoder
from sklstm.nn.losses import StepTargets
from sklstm.nn.pooling import POOLINGS

LENGTHS = torch.tensor([3, 2])
X = torch.zeros(2, 3, 4)
IDS = torch.ones(2, 3, 1, dtype=torch.long)
LABELS = torch.zeros(2, 3, dtype=torch.long)


def network(**parts):
    given = dict(embedding=None, step_convolution=None, convolution=None, pooling=MeanPooling(5))
    given |= dict(recurrent=RecurrentStack(4, (5,)), output=LinearHead(5, 2))
    return SequenceNetwork(**given | parts)


def autoencoder(**params):
    encoder, decoder = RecurrentStack(4, (5,)), RecurrentStack(2, (5,))
    given = dict(latent_size=2, n_outputs=4)
    return SequenceAutoencoder(None, encoder, MeanPooling(5), decoder, **given | params)


COUNT = (0, -1, 1.5, "3", None, True, np.array(2))
RATE = (-0.1, 1.0, 2, "0.5", None, float("nan"), True)
FLAG = (1, "yes", None)
NAME = ("no", None, 3)
SIZES = (3, "3", None, (), (3, 0), (3, 1.5))
LAYERS = tuple(sizes for sizes in SIZES if sizes != ())  # of a stack there may be none

# Each module or function that makes one, valid arguments, and refused values of some.
BUILT = [
    (LinearChainCRF, dict(n_classes=2), dict(n_classes=COUNT)),
    (Dropout, dict(p=0.5), dict(p=RATE)),
    (LinearHead, dict(in_features=2, out_features=3), dict(in_features=COUNT, out_features=COUNT)),
    (LinearHead, dict(in_features=2, out_features=3, bias=False), dict(bias=FLAG)),
    (CRFHead, dict(in_features=2, n_classes=3), dict(in_features=COUNT, n_classes=COUNT)),
    (
        CumulativeLinkHead,
        dict(in_features=2, n_classes=3),
        dict(in_features=COUNT, n_classes=(*COUNT, 1)),
    ),
    (
        QuantileHead,
        dict(in_features=2, n_targets=1, quantiles=(0.1, 0.9)),
        dict(n_targets=COUNT, quantiles=((), 0.5, (0.0, 0.5), (0.5, 1.0), (0.9, 0.1), (0.5, 0.5))),
    ),
    (
        TokenEmbedding,
        dict(n_ids=6, embedding_dim=2, dropout=0.1, freeze=True, unknown_id=1),
        dict(n_ids=(*COUNT, 1), embedding_dim=COUNT, dropout=RATE, freeze=FLAG)
        | dict(unknown_id=(-1, 6, 1.0), weight=(torch.zeros(6, 3), torch.zeros(5, 2), np.eye(2))),
    ),
    (
        CharacterConvolution,
        dict(n_ids=6, embedding_dim=2, filters=3, kernel_size=2),
        dict(n_ids=COUNT, embedding_dim=COUNT, filters=COUNT, kernel_size=COUNT)
        | dict(unknown_id=(-1, 6)),
    ),
    (
        ConvolutionPool,
        dict(in_channels=2, filters=3, kernel_size=2, pool_size=1),
        dict(in_channels=COUNT, filters=COUNT, kernel_size=COUNT, pool_size=COUNT),
    ),
    (
        StepConvolution,
        dict(step_shape=(4, 4), filters=(2,), kernel_size=2, pool_size=1),
        dict(step_shape=(*SIZES, (4,), (1, 1, 4, 4)), filters=SIZES)
        | dict(kernel_size=COUNT, pool_size=COUNT),
    ),
    (
        MaskedBatchNorm,
        dict(n_features=2, momentum=0.2, eps=1e-3),
        dict(n_features=COUNT, momentum=RATE, eps=(0.0, -1.0, "small", None)),
    ),
    (
        FullyConvolutional,
        dict(in_channels=2, filters=(3, 2), kernel_sizes=(4, 1)),
        dict(in_channels=COUNT, filters=(*SIZES, (3,)), kernel_sizes=SIZES),
    ),
    (
        Standardize,
        dict(mean=(0.5, 1.0), scale=(2.0, 1.0)),
        dict(mean=(0.5, (1.0,), (np.nan, 1.0)), scale=(2.0, ())),
    ),
    (
        RecurrentLayer,
        dict(input_size=2, hidden_size=3),
        dict(input_size=COUNT, hidden_size=COUNT, cell=NAME)
        | dict(recurrent_dropout=RATE, recurrent_dropout_method=NAME),
    ),
    (
        RecurrentStack,
        dict(input_size=2, hidden_sizes=(3, 2), bidirectional=True),
        dict(input_size=COUNT, hidden_sizes=LAYERS, cell=NAME, bidirectional=FLAG)
        | dict(dropout=RATE, recurrent_dropout=RATE, recurrent_dropout_method=NAME),
    ),
    (make_pooling, dict(name="max", size=2), dict(name=NAME, size=COUNT, bidirectional=FLAG)),
    *(
        (pooling, dict(size=2, bidirectional=True), dict(size=(*COUNT, 3), bidirectional=FLAG))
        for pooling in (LastPooling, MeanPooling, MaxPooling, AttentionPooling)
    ),
    (network, {}, dict(dropout=RATE, recurrent=(None, 3), output=(None,), pooling=("max",))),
    (network, {}, dict(standardization=(1.0,), branch=(3, "fcn"))),
    (
        DenseAutoencoder,
        dict(n_features=3, hidden_sizes=(2,), latent_size=1),
        dict(n_features=COUNT, hidden_sizes=((0,), (2, 1.5)), latent_size=COUNT)
        | dict(noise=RATE, dropout=RATE),
    ),
    (autoencoder, {}, dict(latent_size=COUNT, n_outputs=COUNT, noise=RATE, dropout=RATE)),
    (WeightedLoss, dict(loss=squared_loss), dict(loss=(None, "mse"))),
    (StepLoss, dict(loss=squared_loss), dict(loss=(None, "mse"))),
    (CRFLoss, dict(crf=LinearChainCRF(2)), dict(crf=(None, 3))),
]


@pytest.mark.parametrize(("make", "valid", "refused"), BUILT)
def test_fault_28_modules_check_their_arguments(make, valid, refused):
    make(**valid)
    for name, values in refused.items():
        for value in values:
            with pytest.raises((ValueError, TypeError), match=rf"^{name}\b"):
                make(**valid | {name: value})


@pytest.mark.parametrize(("make", "valid"), [case[:2] for case in BUILT])
def test_fault_20_modules_take_numpy_scalars(make, valid):
    def twin(value):
        if isinstance(value, bool):
            return np.bool_(value)
        if isinstance(value, int):
            return np.uint8(value)
        if isinstance(value, float):
            return np.float32(value)
        return tuple(map(twin, value)) if isinstance(value, tuple) else value

    torch.manual_seed(0)
    expected = make(**valid)
    torch.manual_seed(0)
    module = make(**{name: twin(value) for name, value in valid.items()})
    if isinstance(expected, nn.Module):
        for (name, one), (_, other) in zip(
            module.named_parameters(), expected.named_parameters(), strict=True
        ):
            torch.testing.assert_close(one, other, msg=name)


SEQUENCE_CALLS = {
    "network": network(),
    "network.encode": network().encode,
    "network.states": network().states,
    "chunks": lambda inputs, lengths: network().forward_in_chunks(inputs, lengths, 2),
    "forward_from": lambda inputs, lengths: network().forward_from(
        inputs, lengths, network().initial_state(len(inputs))
    ),
    "stack": RecurrentStack(4, (5,)),
    "stack in both directions": RecurrentStack(4, (5,), bidirectional=True),
    "network with a branch": network(
        standardization=Standardize([0.0] * 4, [1.0] * 4),
        branch=FullyConvolutional(4, (3,), (2,)),
        output=LinearHead(5 + 2 * 3, 2),
    ),
    "convolution": ConvolutionPool(4, 3, 2, 2),
    "branch": FullyConvolutional(4, (3,), (2,)),
    "autoencoder": autoencoder(),
    "log_partition": LinearChainCRF(4).log_partition,
    "viterbi": LinearChainCRF(4).viterbi,
    "log_marginals": LinearChainCRF(4).log_marginals,
    "step_log_likelihood": lambda x, lengths: LinearChainCRF(4).step_log_likelihood(
        x, torch.zeros(x.shape[:2], dtype=torch.long), lengths
    ),
    **{name: pooling(4) for name, pooling in POOLINGS.items()},
    **{
        f"extend {name}": lambda x, lengths, pooling=pooling: pooling(4).extend(
            pooling(4).initial_state(X, len(x)), x, lengths
        )
        for name, pooling in POOLINGS.items()
    },
}


@pytest.mark.parametrize("name", SEQUENCE_CALLS)
def test_fault_28_lengths_must_fit_the_sequences(name):
    call = SEQUENCE_CALLS[name]
    call(X, LENGTHS)
    call(X, LENGTHS.int())
    for lengths, message in (
        (torch.tensor([3]), r"lengths has shape \(1,\), but must have shape \(2,\)"),
        (torch.tensor([3, 2, 1]), r"lengths has shape \(3,\)"),
        (LENGTHS[:, None], r"lengths has shape \(2, 1\)"),
        (torch.tensor([3, 4]), r"lengths\[1\] is 4, but must be from 1 to 3"),
        (torch.tensor([3, 0]), r"lengths\[1\] is 0, but must be from 1 to 3"),
        (torch.tensor([-1, 3]), r"lengths\[0\] is -1"),
        (torch.tensor([3.0, 2.0]), "lengths has dtype torch.float32, but must have torch.int64"),
        (LENGTHS.to(torch.uint8), "lengths has dtype torch.uint8"),
        ([3, 2], "lengths must be a Tensor, got list"),
        (None, "lengths must be a Tensor, got NoneType"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            call(X, lengths)
    with pytest.raises(ValueError, match=r"has shape \(2, 3\), but must have shape \(batch, time"):
        call(X[:, :, 0], LENGTHS)
    with pytest.raises(TypeError, match="must have a type of floats"):
        call(X.long(), LENGTHS)


@pytest.mark.parametrize(
    "call",
    [
        RecurrentStack(4, (5,)),
        ConvolutionPool(4, 3, 2, 2),
        FullyConvolutional(4, (3,), (2,)),
        lambda x, _: Standardize([0.0] * 4, [1.0] * 4)(x),
        make_pooling("mean", 4),
        LinearChainCRF(4).viterbi,
    ],
)
def test_fault_28_features_must_be_those_of_the_module(call):
    with pytest.raises(ValueError, match=r"has shape \(2, 3, 3\), but must have .*4\)"):
        call(X[:, :, :3], LENGTHS)


def test_fault_28_step_log_likelihood_does_not_broadcast():
    crf = LinearChainCRF(4)
    whole = torch.zeros(2, dtype=torch.long)
    for labels, message in (
        (LABELS[:1], r"labels has shape \(1, 3\), but must have shape \(2, 3\)"),
        (LABELS[:, :1], r"labels has shape \(2, 1\)"),
        (LABELS[..., None], r"labels has shape \(2, 3, 1\)"),
        (LABELS.float(), "labels has dtype torch.float32"),
        (LABELS > 0, "labels has dtype torch.bool"),
        (LABELS.int(), "labels has dtype torch.int32"),
        (LABELS + 4, r"labels\[0, 0\] is 4, but must be from 0 to 3"),
        (LABELS - 1, r"labels\[0, 0\] is -1"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            crf.step_log_likelihood(X, labels, LENGTHS)
    for options, message in (
        (dict(previous=whole[:1]), r"previous has shape \(1,\)"),
        (dict(previous=whole + 4), r"previous\[0\] is 4, but must be from -1 to 3"),
        (dict(previous=whole - 2), r"previous\[0\] is -2"),
        (dict(ends=whole), "ends has dtype torch.int64, but must have torch.bool"),
        (dict(ends=whole[:1] == 0), r"ends has shape \(1,\)"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            crf.step_log_likelihood(X, LABELS, LENGTHS, **options)
    padded = torch.tensor([[0, 3, 1], [2, 2, -100]])  # any label at padding
    expected = [[1 / 4] * 3, [1 / 4, 1 / 4, 1]]
    result = crf.step_log_likelihood(X, padded, LENGTHS).exp()
    torch.testing.assert_close(result, torch.tensor(expected))


def test_fault_28_embeddings_take_whole_numbers_from_0():
    embedding = TokenEmbedding(6, 2)
    characters = CharacterConvolution(6, 2, 3, 2)
    with pytest.raises(TypeError, match=r"ids has dtype torch.float32, but must have torch.int64"):
        embedding(IDS.float())
    with pytest.raises(ValueError, match=r"ids\[0, 0, 0\] is -1, but must be at least 0"):
        embedding(IDS - 2)
    with pytest.raises(ValueError, match=r"ids has shape \(2, 3\), but must have"):
        embedding(IDS[..., 0])
    with pytest.raises(ValueError, match=r"ids\[0, 0\] is -1"):
        characters(IDS[..., 0] - 2)
    with pytest.raises(ValueError, match="each step must hold a word and the characters"):
        WordCharacterEmbedding(embedding, characters)(IDS)


@pytest.mark.parametrize("loss", [squared_loss, absolute_loss, huber_loss, poisson_loss])
def test_fault_28_losses_of_numbers_do_not_broadcast(loss):
    prediction, target = torch.zeros(3, 1), torch.zeros(3)
    with pytest.raises(ValueError, match=r"target has shape \(3,\), but must have shape \(3, 1\)"):
        loss(prediction, target)
    with pytest.raises(ValueError, match=r"target has shape \(1, 1\)"):
        loss(prediction, target[:1, None])


def test_fault_28_losses_of_classes_and_quantiles_check_their_targets():
    logits = torch.zeros(2, 3)
    for loss in (multiclass_loss, distance_weighted_loss):
        for target, message in (
            (torch.tensor([0]), r"target has shape \(1,\)"),
            (torch.tensor([[0], [1]]), r"target has shape \(2, 1\)"),
            (torch.tensor([0.0, 1.0]), "target has dtype"),
            (torch.tensor([0, 3]), r"target\[1\] is 3, but must be from 0 to 2"),
            (torch.tensor([0, -1]), r"target\[1\] is -1"),
            (torch.tensor([0, -100]), r"target\[1\] is -100"),
        ):
            with pytest.raises((ValueError, TypeError), match=message):
                loss(logits, target)
    with pytest.raises(ValueError, match="power must be a finite number above 0"):
        distance_weighted_loss(logits, torch.tensor([0, 1]), power=0)
    with pytest.raises(ValueError, match="delta must be"):
        huber_loss(logits, logits, delta=-1.0)
    with pytest.raises(ValueError, match=r"target has shape \(2,\)"):
        binary_loss(logits, torch.zeros(2))
    with pytest.raises(ValueError, match=r"target has shape \(2,\)"):
        quantile_loss(torch.zeros(2, 1, 3), torch.zeros(2), torch.tensor([0.1, 0.5, 0.9]))
    with pytest.raises(ValueError, match="prediction has shape"):
        quantile_loss(torch.zeros(2, 1, 2), torch.zeros(2, 1), torch.tensor([0.1, 0.5, 0.9]))


def test_fault_28_weights_and_masks_do_not_broadcast():
    prediction = torch.zeros(2, 1)
    with pytest.raises(ValueError, match=r"weight has shape \(2, 1\), but must have shape \(2,\)"):
        WeightedLoss(squared_loss)(prediction, (prediction, torch.ones(2, 1)))
    mask = torch.tensor([[True, True, True], [True, True, False]])
    targets = StepTargets(
        LABELS, torch.ones(2, 3), mask, torch.tensor([-1, -1]), torch.tensor([True, True])
    )
    with pytest.raises(ValueError, match=r"mask\[1\] is True after False, but padding"):
        CRFLoss(LinearChainCRF(4))(X, targets._replace(mask=mask.flip(1)))
    for loss in (CRFLoss(LinearChainCRF(4)), StepLoss(multiclass_loss)):
        loss(X, targets)
        for changes, message in (
            (dict(mask=mask[:1]), r"mask has shape \(1, 3\)"),
            (dict(mask=mask.long()), "mask has dtype torch.int64, but must have torch.bool"),
            (dict(weights=torch.ones(2, 1)), r"weights has shape \(2, 1\)"),
            (dict(expected=LABELS[:1]), r"expected has shape \(1, 3\)"),
        ):
            with pytest.raises((ValueError, TypeError), match=message):
                loss(X, targets._replace(**changes))


def test_fault_28_states_do_not_broadcast():
    layer, h = RecurrentLayer(4, 5), torch.zeros(2, 5)
    with pytest.raises(ValueError, match=r"state\[1\] has shape \(1, 5\), but must .* \(2, 5\)"):
        layer.advance(X, (h, h[:1]))
    with pytest.raises(ValueError, match="state has 1 tensors, but this layer needs 2"):
        layer.advance(X, (h,))
    pooling = MeanPooling(4)
    with pytest.raises(ValueError, match=r"memory\[0\] has shape \(1, 4\)"):
        pooling.extend(pooling.initial_state(X, 1), X, LENGTHS)
    for head in (LinearHead(4, 2), CumulativeLinkHead(4, 3), QuantileHead(4, 1, (0.5,))):
        with pytest.raises(ValueError, match=r"state has shape \(2, 3\), but must .* \(..., 4\)"):
            head(torch.zeros(2, 3))


def test_fault_28_networks_that_look_ahead_do_not_continue_from_a_state():
    stack = RecurrentStack(4, (5,), bidirectional=True)
    with pytest.raises(ValueError, match="advance reads forward only"):
        stack.advance(X, (torch.zeros(2, 5),) * 2)
    both = network(recurrent=stack, pooling=MeanPooling(10), output=LinearHead(10, 2))
    with pytest.raises(ValueError, match="forward_prefixes reads steps in their order"):
        both.forward_prefixes(X, LENGTHS)
    with pytest.raises(ValueError, match="forward_in_chunks reads steps in their order"):
        both.forward_in_chunks(X, LENGTHS, 2)
    with pytest.raises(ValueError, match="advance_states reads steps in their order"):
        both.forward_from(X, LENGTHS, ())
    branched = network(branch=FullyConvolutional(4, (3,), (2,)), output=LinearHead(8, 2))
    with pytest.raises(
        ValueError, match=r"advance_states reads .* branch=None, linear_path=None and no S"
    ):
        branched.forward_from(X, LENGTHS, branched.initial_state(2))
    with pytest.raises(ValueError, match="pooling is None"):
        network(pooling=None).forward_prefixes(X, LENGTHS)
    with pytest.raises(ValueError, match="chunk_length must be an int of at least 1, got 0"):
        network().forward_in_chunks(X, LENGTHS, 0)


def test_standardisation_and_a_branch_are_for_values_and_a_branch_for_whole_sequences():
    branch, standardization = FullyConvolutional(4, (3,), (2,)), Standardize([0.0] * 4, [1.0] * 4)
    embedding = TokenEmbedding(6, 4)
    for parts, message in (
        (dict(embedding=embedding, branch=branch), "branch reads values, but an embedding"),
        (dict(embedding=embedding, standardization=standardization), "standardization reads valu"),
        (dict(pooling=None, branch=branch), "branch has one vector for each sequence"),
    ):
        with pytest.raises(ValueError, match=message):
            network(**parts)
    with pytest.raises(ValueError, match=r"scale a finite number above 0, but of feature 1 .* 0.0"):
        Standardize([0.0, 0.0], [1.0, 0.0])
    with pytest.raises(ValueError, match="as many features, got 2 and 1"):
        Standardize([0.0, 0.0], [1.0])
