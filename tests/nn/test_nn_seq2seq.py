"""GlobalAttention and Seq2SeqNetwork against loops by hand and torch's cross-entropy."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from sklstm._sequences import Ragged
from sklstm._training import PairBatches, SequencePairs
from sklstm.nn import (
    GlobalAttention,
    NextTokenLoss,
    RecurrentStack,
    Seq2SeqNetwork,
    SoftmaxHead,
    Standardize,
    TokenEmbedding,
)
from sklstm.nn.dropout import seed_modules

N_IDS, SIZE = 9, 6
LENGTHS = torch.tensor([5, 2, 4])


def network(attention=True, *, cell="lstm", layers=1, bidirectional=True, values=False, dropout=0):
    torch.manual_seed(0)
    source = Standardize([0.0, 1.0], [1.0, 2.0]) if values else TokenEmbedding(N_IDS, 4)
    sizes = (SIZE,) * layers
    encoder = RecurrentStack(2 if values else 4, sizes, cell=cell, bidirectional=bidirectional)
    decoder = RecurrentStack(4 + (0 if attention else encoder.output_size), sizes, cell=cell)
    parts = (source, encoder, TokenEmbedding(N_IDS, 4), decoder, SoftmaxHead(SIZE, N_IDS))
    return Seq2SeqNetwork(*parts, attention=attention, dropout=dropout)


def inputs(values=False, seed=1):
    rng = torch.Generator().manual_seed(seed)
    if values:
        return torch.randn(3, 5, 2, generator=rng)
    return torch.randint(4, N_IDS, (3, 5, 1), generator=rng)


def previous(n_steps=4, seed=2):
    rng = torch.Generator().manual_seed(seed)
    ids = torch.randint(4, N_IDS, (3, n_steps), generator=rng)
    ids[:, 0] = 2
    return ids


class TestGlobalAttention:
    def test_equals_a_loop_over_steps(self):
        torch.manual_seed(0)
        attention = GlobalAttention(size=5, memory_size=7)
        states, memory = torch.randn(3, 4, 5), torch.randn(3, 5, 7)
        actual, weights = attention(states, memory, attention.keys(memory), LENGTHS)
        W, V = attention.score.weight, attention.combine.weight
        for i, n in enumerate(LENGTHS.tolist()):
            for t in range(4):
                h = states[i, t]
                scores = torch.stack([h @ W @ memory[i, s] for s in range(n)])
                a = scores.exp() / scores.exp().sum()
                context = sum(a[s] * memory[i, s] for s in range(n))
                expected = torch.tanh(V @ torch.cat([context, h]))
                torch.testing.assert_close(actual[i, t], expected)
                torch.testing.assert_close(weights[i, t, :n], a)

    def test_padding_has_exactly_no_weight_whatever_it_holds(self):
        torch.manual_seed(0)
        attention = GlobalAttention(size=5, memory_size=7)
        states, memory = torch.randn(3, 4, 5), torch.randn(3, 5, 7)
        expected, weights = attention(states, memory, attention.keys(memory), LENGTHS)
        padding = torch.arange(5) >= LENGTHS[:, None]
        assert (weights.transpose(1, 2)[padding] == 0).all()
        torch.testing.assert_close(weights.sum(2), torch.ones(3, 4))
        memory[padding] = 1e4
        actual, other = attention(states, memory, attention.keys(memory), LENGTHS)
        assert torch.equal(actual, expected)
        assert torch.equal(other, weights)

    def test_gradients_are_finite_and_padding_has_none(self):
        attention = GlobalAttention(size=5, memory_size=7).double()
        states = torch.randn(3, 2, 5, dtype=torch.double, requires_grad=True)
        memory = torch.randn(3, 5, 7, dtype=torch.double, requires_grad=True)

        def run(states, memory):
            return attention(states, memory, attention.keys(memory), LENGTHS)

        assert torch.autograd.gradcheck(run, (states, memory))
        run(states, memory)[0].sum().backward()
        assert (memory.grad[torch.arange(5) >= LENGTHS[:, None]] == 0).all()

    @pytest.mark.parametrize(
        ("name", "shape"), [("states", (3, 4, 6)), ("memory", (2, 5, 7)), ("keys", (3, 5, 7))]
    )
    def test_wrong_shapes_are_named(self, name, shape):
        attention = GlobalAttention(size=5, memory_size=7)
        given = {"states": torch.zeros(3, 4, 5), "memory": torch.zeros(3, 5, 7)}
        given["keys"] = torch.zeros(3, 5, 5)
        with pytest.raises(ValueError, match=f"{name} has shape"):
            attention(**given | {name: torch.zeros(shape)}, lengths=LENGTHS)


class TestNetwork:
    @pytest.mark.parametrize("attention", [True, False])
    @pytest.mark.parametrize("cell", ["lstm", "gru"])
    def test_equals_the_layers_of_torch_step_by_step(self, attention, cell):
        module = network(attention, cell=cell).eval()
        ids, before = inputs(), previous()
        actual = module(ids, LENGTHS, before).states
        for i, n in enumerate(LENGTHS.tolist()):
            x = module.source.weight[ids[i, :n, 0]]
            ahead, _ = module.encoder.forward_layers[0].rnn(x[None])
            back, _ = module.encoder.backward_layers[0].rnn(x.flip(0)[None])
            memory = torch.cat([ahead[0], back[0].flip(0)], dim=1)  # (time, 2 * hidden)
            last = torch.cat([memory[-1, :SIZE], memory[0, SIZE:]])
            begun = torch.tanh(module.bridge.weight @ last + module.bridge.bias)
            h = begun[None, None, :SIZE]
            state = (h, begun[None, None, SIZE:]) if cell == "lstm" else h
            for t in range(4):
                token = module.target.weight[before[i, t]]
                x = token if attention else torch.cat([token, last])
                h, state = module.decoder.forward_layers[0].rnn(x[None, None], state)
                h = h[0, 0]
                if attention:
                    scores = module.attention.score(memory) @ h
                    context = scores.softmax(0) @ memory
                    h = torch.tanh(module.attention.combine(torch.cat([context, h])))
                torch.testing.assert_close(actual[i, t], h)

    @pytest.mark.parametrize("attention", [True, False])
    @pytest.mark.parametrize("values", [True, False])
    def test_a_sequence_does_not_depend_on_its_batch(self, attention, values):
        module = network(attention, layers=2, values=values).eval()
        X, before = inputs(values), previous()
        together = module(X, LENGTHS, before).states
        for i, n in enumerate(LENGTHS.tolist()):
            alone = module(X[i : i + 1, :n], LENGTHS[i : i + 1], before[i : i + 1]).states
            torch.testing.assert_close(together[i], alone[0], rtol=0, atol=1e-6)

    def test_steps_one_by_one_give_the_same(self):
        module = network(layers=2).eval()
        before = previous()
        expected = module(inputs(), LENGTHS, before).states
        memory, state = module.encode(inputs(), LENGTHS)
        for t in range(4):
            states, weights, state = module.decode(before[:, t : t + 1], memory, state)
            torch.testing.assert_close(states[:, 0], expected[:, t])
            assert weights.shape == (3, 1, 5)

    def test_a_network_of_true_tokens_only_equals_the_parallel_one(self):
        module = network().train()
        expected = module(inputs(), LENGTHS, previous()).states
        seed_modules(module, torch.Generator().manual_seed(0))
        memory, state = module.encode(inputs(), LENGTHS)
        torch.testing.assert_close(module._unroll(previous(), memory, state, 1.0), expected)

    def test_without_teaching_the_own_tokens_are_read(self):
        module = network().train()
        memory, state = module.encode(inputs(), LENGTHS)
        states = module._unroll(previous(), memory, state, 0.0)
        own = torch.cat(
            [
                torch.full((3, 1), 2),
                module.output.log_probs(states.flatten(0, 1)).argmax(1).view(3, 4)[:, :-1],
            ],
            dim=1,
        )
        torch.testing.assert_close(module.eval()(inputs(), LENGTHS, own).states, states)
        assert not torch.equal(own, previous())

    @pytest.mark.parametrize("teaching", [0.25, 0.75])
    def test_true_tokens_are_read_as_often_as_said(self, teaching, monkeypatch):
        module = network().train()
        seed_modules(module, torch.Generator().manual_seed(0))
        read = []
        decode = Seq2SeqNetwork.decode

        def noted(self, ids, memory, state):
            read.append(ids[:, 0])
            return decode(self, ids, memory, state)

        monkeypatch.setattr(Seq2SeqNetwork, "decode", noted)
        true = torch.full((300, 20), 8)  # which the network never predicts
        with torch.no_grad():
            module.output.bias[8] = -100
        ids = inputs()[:1].expand(300, -1, -1)
        module(ids, torch.full((300,), 5), true, teaching=teaching)
        fraction = (torch.stack(read[1:]) == 8).double().mean().item()
        assert fraction == pytest.approx(teaching, abs=0.03)

    def test_evaluation_always_reads_true_tokens(self):
        module = network().eval()
        expected = module(inputs(), LENGTHS, previous()).states
        assert torch.equal(module(inputs(), LENGTHS, previous(), teaching=0.0).states, expected)

    def test_decoders_that_do_not_fit_are_refused(self):
        parts = (TokenEmbedding(9, 4), RecurrentStack(4, (6,)), TokenEmbedding(9, 4))
        head = SoftmaxHead(6, 9)
        with pytest.raises(ValueError, match="bidirectional=False"):
            Seq2SeqNetwork(*parts, RecurrentStack(4, (6,), bidirectional=True), head)
        with pytest.raises(ValueError, match="input_size=4, but reads 10 features"):
            Seq2SeqNetwork(*parts, RecurrentStack(4, (6,)), head, attention=False)
        with pytest.raises(ValueError, match="input_size=10, but reads 4 features"):
            Seq2SeqNetwork(*parts, RecurrentStack(10, (6,)), head)


class TestLoss:
    def pairs(self):
        values = inputs()[:, :, 0].numpy().astype(np.int32)
        rows = [values[i, :n] for i, n in enumerate(LENGTHS.tolist())]
        sources = Ragged(np.concatenate(rows)[:, None], LENGTHS.numpy(), is_tokens=True)
        targets = [[5, 6, 3], [3], [4, 4, 8, 7, 3]]
        lengths = np.array([len(own) for own in targets])
        weights = np.array([1.0, 0.25, 2.0])
        weights *= 3 / (weights * lengths).sum()
        flat = np.concatenate(targets).astype(np.int64)
        return SequencePairs(sources, flat, lengths, weights.astype(np.float32)), targets

    def test_equals_the_weighted_mean_of_torchs_cross_entropy(self):
        module = network().eval()
        data, targets = self.pairs()
        (batch,) = PairBatches(data, 10, torch.device("cpu"), None)
        actual = NextTokenLoss(module.output)(module(**batch.inputs), batch.targets)
        total = weight = 0.0
        for i, (n, target) in enumerate(zip(LENGTHS.tolist(), targets, strict=True)):
            before = torch.tensor([[2, *target[:-1]]])
            states = module(inputs()[i : i + 1, :n], LENGTHS[i : i + 1], before).states[0]
            logits = functional.linear(states, module.output.weight, module.output.bias)
            logits[:, [0, 2]] = -torch.inf
            losses = functional.cross_entropy(logits, torch.tensor(target), reduction="none")
            w = [1.0, 0.25, 2.0][i]
            total, weight = total + w * losses.sum().item(), weight + w * len(target)
        assert actual.item() == pytest.approx(total / weight, rel=1e-5)

    def test_every_pair_is_in_one_batch_of_an_epoch(self):
        rng = np.random.default_rng(0)
        n_read, n_written = rng.integers(1, 9, 50), rng.integers(1, 7, 50)
        first = np.cumsum(n_read) - n_read
        values = np.zeros((n_read.sum(), 1), dtype=np.int32)
        values[first, 0] = np.arange(50) + 4  # its number is the first token of each sequence
        targets = np.repeat(np.arange(50) + 4, n_written).astype(np.int64)
        data = SequencePairs(Ragged(values, n_read, is_tokens=True), targets, n_written, n_read * 1)
        device = torch.device("cpu")
        batches = PairBatches(data, 8, device, np.random.default_rng(1))
        for _ in range(2):
            seen = []
            for batch in batches:
                numbers, target = batch.inputs["inputs"][:, 0, 0], batch.targets
                seen += numbers.tolist()
                wanted = numbers[:, None].expand(target.mask.shape)
                assert (target.expected[target.mask] == wanted[target.mask]).all()
                assert (batch.inputs["previous"][:, 0] == 2).all()
                n = target.mask.sum(1)
                assert n.tolist() == n_written[numbers.numpy() - 4].tolist()
                assert batch.inputs["lengths"].tolist() == n_read[numbers.numpy() - 4].tolist()
            assert sorted(seen) == list(range(4, 54))
        assert batches.epochs_done() == 2.0
