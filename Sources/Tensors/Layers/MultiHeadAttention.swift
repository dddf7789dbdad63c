import EmotionFormerCore
import EmotionFormerKernels

/// Attention of several heads, with the weights of Keras's layer of that name.
///
/// softmax(Q·Kᵀ/√d, masked)·V for each head; the heads' results side by side go through the output projection.
public struct MultiHeadAttention: Sendable {
    private let query: Dense
    private let key: Dense
    private let value: Dense
    private let output: Dense
    public let headCount: Int
    public let keyDimension: Int
    public let valueDimension: Int

    /// - Parameters:
    ///   - queryKernel, keyKernel: features × heads × key dimension; their biases: heads × key dimension.
    ///   - valueKernel: features × heads × value dimension; its bias: heads × value dimension.
    ///   - outputKernel: heads × value dimension × units; its bias: units.
    /// - Throws: `shapeMismatch` for weights that do not fit together.
    public init(
        queryKernel: Tensor<Float>, queryBias: Tensor<Float>? = nil, keyKernel: Tensor<Float>,
        keyBias: Tensor<Float>? = nil, valueKernel: Tensor<Float>, valueBias: Tensor<Float>? = nil,
        outputKernel: Tensor<Float>, outputBias: Tensor<Float>? = nil
    ) throws(TensorError) {
        for (what, kernel) in [("query", queryKernel), ("key", keyKernel), ("value", valueKernel)]
        where kernel.rank != 3 || kernel.shape[1] != queryKernel.shape[1] || kernel.shape.contains(0) {
            throw wrongShape("attention", "the \(what) kernel", kernel.shape, "[features, heads, dimension]")
        }
        guard keyKernel.shape[2] == queryKernel.shape[2] else {
            throw wrongShape(
                "attention", "the key kernel", keyKernel.shape, "the query's dimension, \(queryKernel.shape[2])")
        }
        guard outputKernel.rank == 3, outputKernel.shape.prefix(2) == valueKernel.shape.suffix(2) else {
            throw wrongShape(
                "attention", "the output kernel", outputKernel.shape, "\(valueKernel.shape.suffix(2)) and the units")
        }
        query = try MultiHeadAttention.projection(queryKernel, queryBias)
        key = try MultiHeadAttention.projection(keyKernel, keyBias)
        value = try MultiHeadAttention.projection(valueKernel, valueBias)
        let inner = outputKernel.shape[0] * outputKernel.shape[1]
        output = try Dense(kernel: outputKernel.reshaped(to: [inner, outputKernel.shape[2]]), bias: outputBias)
        headCount = queryKernel.shape[1]
        keyDimension = queryKernel.shape[2]
        valueDimension = valueKernel.shape[2]
    }

    private static func projection(_ kernel: Tensor<Float>, _ bias: Tensor<Float>?) throws(TensorError) -> Dense {
        let units = kernel.shape[1] * kernel.shape[2]
        return try Dense(
            kernel: kernel.reshaped(to: [kernel.shape[0], units]), bias: bias?.reshaped(to: [units]))
    }

    /// - Parameters:
    ///   - x: batch × queries × features.
    ///   - context: batch × keys × features, where keys and values come from; `x` itself if it is not given.
    ///   - mask: which keys a query attends to; broadcasts to batch × queries × keys, or with four axes to batch × heads ×
    ///     queries × keys. A query without any key gives all the same weight, as in Keras.
    ///   - isCausal: whether query i attends to keys 0…i only.
    /// - Returns: batch × queries × units.
    /// - Throws: `shapeMismatch`.
    public func callAsFunction(
        _ x: Tensor<Float>, context: Tensor<Float>? = nil, mask: Tensor<Bool>? = nil, isCausal: Bool = false
    ) throws(TensorError) -> Tensor<Float> {
        let context = context ?? x
        guard x.rank == 3, context.rank == 3, x.shape[0] == context.shape[0] else {
            throw TensorError(
                .shapeMismatch, at: "attention", "queries and keys are not batch × time × features of one batch",
                found: "\(x.shape) and \(context.shape)", shapes: [x.shape, context.shape])
        }
        let (batch, queries, keys) = (x.shape[0], x.shape[1], context.shape[1])
        let (q, k, v) = (try query(x), try key(context), try value(context))
        let masks = try mask.map { mask throws(TensorError) in
            let mask = mask.rank == 4 ? mask : try mask.broadcast(to: [batch, queries, keys]).expanded(at: 1)
            return try mask.broadcast(to: [batch, headCount, queries, keys]).contiguous()
        }
        let heads = try Tensor<Float>.checked([batch, queries, headCount * valueDimension])
        let attended = Tensor<Float>(heads) { result in
            guard queries > 0, keys > 0 else {
                result.update(repeating: 0, count: heads.elementCount)
                return
            }
            let scratch = TensorStorage(
                uninitializedByteCount: Processor.kernels.attentionScratchByteCount(
                    keys, keyDimension, valueDimension))
            guard let memory = scratch.bytes.baseAddress else { return }
            for clip in 0..<batch {
                for head in 0..<headCount {
                    let call = self.head(head, clip, queries, keys, q, k, v, masks, isCausal, result)
                    Processor.kernels.attention(call, 0..<queries, memory)
                }
            }
            withExtendedLifetime((q, k, v, masks, scratch)) {}
        }
        return try output(attended)
    }

    private func head(
        _ head: Int, _ clip: Int, _ queries: Int, _ keys: Int, _ q: Tensor<Float>, _ k: Tensor<Float>,
        _ v: Tensor<Float>, _ masks: Tensor<Bool>?, _ isCausal: Bool, _ result: UnsafeMutablePointer<Float>
    ) -> AttentionHead {
        let (keyWidth, valueWidth) = (headCount * keyDimension, headCount * valueDimension)
        let mask = masks.map { masks in
            UnsafeRawPointer(masks.base + (masks.layout.offset + (clip * headCount + head) * queries * keys))
                .assumingMemoryBound(to: UInt8.self)
        }
        return AttentionHead(
            query: q.base + (q.layout.offset + clip * queries * keyWidth + head * keyDimension), queryStride: keyWidth,
            key: k.base + (k.layout.offset + clip * keys * keyWidth + head * keyDimension), keyStride: keyWidth,
            value: v.base + (v.layout.offset + clip * keys * valueWidth + head * valueDimension),
            valueStride: valueWidth, output: result + (clip * queries * valueWidth + head * valueDimension),
            outputStride: valueWidth, queryCount: queries, keyCount: keys, keyDimension: keyDimension,
            valueDimension: valueDimension, scale: 1 / Float(keyDimension).squareRoot(), mask: mask, maskStride: keys,
            isCausal: isCausal)
    }
}
