import EmotionFormerCore

extension SimplifierPass {
    /// A converter folds gamma and beta into the dense layers after a normalization, and keeps multiply and add for the
    /// residual connection. This pass divides them out again, so that all use one layerNormalization with gamma and
    /// beta.
    static let unfoldScale = SimplifierPass("unfoldScale", at: .layerNormalization) {
        rewriter, index, _ throws(Fault) in
        guard let scale = FoldedScale(rewriter, normalization: index) else { return }
        scale.unfold(in: &rewriter)
    }
}

/// gamma and beta that are applied after a normalization for some users, and folded into the weights of the others.
private struct FoldedScale {
    private let gamma: [Double]
    private let beta: [Double]
    /// The value gamma · normalized + beta.
    private let scaled: Int
    private let layers: [Int]

    init?(_ rewriter: GraphRewriter, normalization index: Int) {
        guard let node = rewriter.nodes[index], node.weights.isEmpty, node.attributes["axes"] == .integers([-1]),
            let value = node.outputs.first, !rewriter.isGraphOutput(value)
        else { return nil }
        let consumers = rewriter.consumers(of: value)
        let products = consumers.filter { rewriter.nodes[$0]?.operation == .multiply }
        let layers = consumers.filter { rewriter.nodes[$0]?.operation == .dense }
        guard products.count == 1, !layers.isEmpty, layers.count + 1 == consumers.count,
            let product = rewriter.nodes[products[0]], let gamma = FoldedScale.row(rewriter, product, of: value),
            gamma.allSatisfy({ abs($0) >= Double(Float.leastNormalMagnitude) })
        else { return nil }
        self.gamma = gamma
        self.layers = layers
        if let sum = rewriter.onlyConsumer(of: product.outputs[0]), sum.operation == .add,
            let beta = FoldedScale.row(rewriter, sum, of: product.outputs[0])
        {
            self.beta = beta
            scaled = sum.outputs[0]
        } else {
            beta = Array(repeating: 0, count: gamma.count)
            scaled = product.outputs[0]
        }
    }

    /// One number a column, if the node's other operand is such a constant.
    private static func row(_ rewriter: GraphRewriter, _ node: TypedGraph.Node, of value: Int) -> [Double]? {
        guard node.input(0) == value, let constant = node.input(1), let width = rewriter.shape(of: value).extents.last,
            rewriter.shape(of: constant).extents.last == width, rewriter.shape(of: constant).elementCount == width,
            rewriter.shape(of: node.outputs[0]) == rewriter.shape(of: value)
        else { return nil }
        return rewriter.numbers(constant)?.map(Double.init)
    }

    func unfold(in rewriter: inout GraphRewriter) {
        var unfolded: [(index: Int, node: TypedGraph.Node)] = []
        for index in layers {
            guard var node = rewriter.nodes[index], let kernel = node.weights["kernel"], kernel.quantization == nil,
                kernel.tensor.shape.rank == 2, rewriter.mayCompute(elementCount: kernel.tensor.shape.elementCount),
                kernel.tensor.elementType == .float32
            else { return }
            let isOutputFirst = node.attributes["kernelLayout"] == .text("outputInput")
            let columns = kernel.tensor.shape[isOutputFirst ? 0 : 1]
            var bias = [Double](repeating: 0, count: columns)
            if let stored = node.weights["bias"] {
                guard let own = stored.plainNumbers, own.count == columns else { return }
                bias = own
            }
            guard kernel.tensor.shape.elementCount == columns * gamma.count else { return }
            let divided = divided(kernel.tensor, columns: columns, isOutputFirst: isOutputFirst, &bias)
            let offsets = bias.map { Float($0) }
            guard let divided, offsets.allSatisfy(\.isFinite) else { return }
            node.weights["kernel"] = StoredTensor(divided)
            node.weights["bias"] = StoredTensor(Tensor(offsets))
            node.inputs[0] = scaled
            unfolded.append((index, node))
        }
        for layer in unfolded { rewriter.replace(layer.index, with: layer.node) }
    }

    /// The kernel with each row divided by its gamma; `bias` loses beta times it. nil if an element is not finite then.
    ///
    /// Models have millions of elements, so it works on memory without checks.
    private func divided(_ kernel: Tensor, columns: Int, isOutputFirst: Bool, _ bias: inout [Double]) -> Tensor? {
        let rows = gamma.count
        let inverses = gamma.map { 1 / $0 }
        return try? Tensor(.float32, kernel.shape) { bytes throws(Fault) in
            let output = bytes.bindMemory(to: Float.self)
            kernel.withUnsafeBytes { bytes in
                let input = bytes.bindMemory(to: Float.self)
                guard let from = input.baseAddress, let to = output.baseAddress else { return }
                inverses.withUnsafeBufferPointer { inverses in
                    beta.withUnsafeBufferPointer { beta in
                        if isOutputFirst {
                            for column in 0..<columns {
                                let start = column &* rows
                                bias[column] -= FoldedScale.multiply(from + start, to + start, inverses, beta, rows)
                            }
                        } else {
                            for row in 0..<rows {
                                let start = row &* columns
                                FoldedScale.multiply(from + start, to + start, inverses[row], beta[row], &bias)
                            }
                        }
                    }
                }
            }
            guard FoldedScale.isFinite(bytes.bindMemory(to: UInt32.self)) else {
                throw Fault(.notFinite, at: "", "the kernel divided by gamma is not finite")
            }
        }
    }

    /// Multiplies a row; the offsets lose beta times the products.
    private static func multiply(
        _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ factor: Double, _ beta: Double,
        _ offsets: inout [Double]
    ) {
        offsets.withUnsafeMutableBufferPointer { offsets in
            for index in offsets.indices {
                let number = Double(from[index]) * factor
                to[index] = Float(number)
                offsets[index] -= beta * number
            }
        }
    }

    /// Multiplies element by element.
    /// - Returns: the sum of the products times beta.
    private static func multiply(
        _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ factors: UnsafeBufferPointer<Double>,
        _ beta: UnsafeBufferPointer<Double>, _ count: Int
    ) -> Double {
        // Four sums, none of which waits for the others.
        var (a, b, c, d) = (0.0, 0.0, 0.0, 0.0)
        var index = 0
        while index &+ 4 <= count {
            let p = Double(from[index]) * factors[index]
            let q = Double(from[index &+ 1]) * factors[index &+ 1]
            let r = Double(from[index &+ 2]) * factors[index &+ 2]
            let s = Double(from[index &+ 3]) * factors[index &+ 3]
            to[index] = Float(p)
            to[index &+ 1] = Float(q)
            to[index &+ 2] = Float(r)
            to[index &+ 3] = Float(s)
            a += beta[index] * p
            b += beta[index &+ 1] * q
            c += beta[index &+ 2] * r
            d += beta[index &+ 3] * s
            index &+= 4
        }
        while index < count {
            let p = Double(from[index]) * factors[index]
            to[index] = Float(p)
            a += beta[index] * p
            index &+= 1
        }
        return (a + b) + (c + d)
    }

    /// An exponent of all ones, plus one, carries into the sign bit.
    private static func isFinite(_ words: UnsafeMutableBufferPointer<UInt32>) -> Bool {
        var union: UInt32 = 0
        for index in words.indices { union |= (words[index] & 0x7F80_0000) &+ 0x0080_0000 }
        return union & 0x8000_0000 == 0
    }
}
