import EmotionFormerTensors
import Foundation

/// The bundled classifier, put together by hand from its package's weights.
struct HandmadeClassifier {
    let weights: ModelWeights

    func probabilities(_ landmarks: Tensor<Float>) throws -> Tensor<Float> {
        // Frames × 478 × 3 become 300 normalized frames of features; what is missing is 0.
        let features = try landmarks.reshaped(to: [landmarks.shape[0], -1])
        var clip = try Tensor<Float>.zeros([300, 1434])
        clip[0..<features.shape[0]] = try weights.normalization.map { try $0(features) } ?? features
        // Ten frames are one step; each coordinate is centered and scaled over all landmarks. Differences of numbers that
        // are nearly the same are in double precision.
        let steps = try Tensor<Double>(clip).reshaped(to: [30, 10, 478, 3]).mean(axes: 1)
        let centered = try steps.transposed(0, 2, 1).layerNormalized(epsilon: 1e-6).reshaped(to: [1, 30, 1434])
        let mask = try (centered .!= 0).any(axes: -1)
        let deviation = try (Tensor<Double>(weights["standardised/moving_variance"]) + 1e-8).squareRoot()
        let scaled = try (centered - Tensor<Double>(weights["standardised/moving_mean"])) / deviation
        let positions = try PositionalEncoding(table: weights["tf.__operators__.add/constant"].squeezed())
        var x = try positions(dense("projection")(Tensor<Float>(scaled)))
        for block in 1...2 { x = try encoder(block)(x, mask: mask.expanded(at: 1)) }
        let forward = try lstm("lstm", backwards: false)(x, mask: mask)
        let backward = try lstm("lstm#2", backwards: true)(x, mask: mask).reversed(axis: 1)
        let both = try Tensor.concatenate([forward, backward], axis: -1)

        let kept = Tensor<Float>(mask)
        let mean = try (both * kept.expanded(at: -1)).sum(axes: 1) / kept.sum(axes: 1, keepingAxes: true)
        let hidden = try dense("head", .relu)(mean)
        return try dense("emotion")(hidden).softmax()
    }

    private func dense(_ name: String, _ activation: Activation = .linear) throws -> Dense {
        try Dense(kernel: weights["\(name)/kernel"], bias: weights["\(name)/bias"], activation: activation)
    }

    private func normalization(_ name: String) throws -> LayerNormalization {
        try LayerNormalization(gamma: weights["\(name)/gamma"], beta: weights["\(name)/beta"], epsilon: 1e-6)
    }

    private func encoder(_ block: Int) throws -> TransformerEncoderBlock {
        func weight(_ part: String) throws -> Tensor<Float> { try weights["attention_\(block)/\(part)"] }
        let attention = try MultiHeadAttention(
            queryKernel: weight("query/kernel"), queryBias: weight("query/bias"), keyKernel: weight("key/kernel"),
            keyBias: weight("key/bias"), valueKernel: weight("value/kernel"), valueBias: weight("value/bias"),
            outputKernel: weight("output/kernel"), outputBias: weight("output/bias"))
        return try TransformerEncoderBlock(
            attention: attention, attentionNormalization: normalization("attention_norm_\(block)"),
            expansion: dense("expand_\(block)", .relu), contraction: dense("contract_\(block)"),
            forwardNormalization: normalization("forward_norm_\(block)"))
    }

    private func lstm(_ name: String, backwards: Bool) throws -> LSTM {
        try LSTM(
            kernel: weights["\(name)/kernel"], recurrentKernel: weights["\(name)/recurrent_kernel"],
            bias: weights["\(name)/bias"],
            options: RecurrentOptions(returnsSequences: true, goesBackwards: backwards, zeroOutputForMask: true))
    }
}
