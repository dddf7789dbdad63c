import EmotionFormerCore

extension SimplifierPass {
    /// x · s − mean · s (+ beta), where s = gamma / √(variance + epsilon), in the orders that converters use →
    /// layerNormalization, then multiply by gamma and add beta, which are folded in if they are rows.
    static let raiseLayerNormalization = SimplifierPass("raiseLayerNormalization", changesRounding: true) {
        rewriter throws(Fault) in
        for index in rewriter.indices(of: .reciprocalSquareRoot, .squareRoot) {
            guard let moments = Moments(rewriter, root: index) else { continue }
            moments.raise(in: &rewriter)
        }
        for index in rewriter.indices(of: .layerNormalization) { rewriter.canonicalizeAxes(at: index) }
    }
}

/// A value's mean and deviation over some axes, as a graph computes them.
private struct Moments {
    let input: Int
    let mean: Int
    /// 1 / √(variance + epsilon), or √(variance + epsilon) if `isReciprocal` is false.
    let root: Int
    let isReciprocal: Bool
    let axes: [Int]
    let epsilon: Double
    private let name: String

    init?(_ rewriter: GraphRewriter, root index: Int) {
        guard let node = rewriter.nodes[index], let sum = rewriter.producing(node.input(0), .add),
            let (variance, epsilon) = rewriter.variableAndScalar(sum), epsilon >= 0,
            let reduction = rewriter.producing(variance, .reduceMean), let squares = reduction.input(0),
            let axes = rewriter.axes(reduction), !axes.isEmpty,
            let (input, mean) = Moments.deviation(rewriter, squares),
            let meanNode = rewriter.producing(mean, .reduceMean), meanNode.input(0) == input,
            rewriter.axes(meanNode) == axes, rewriter.shape(of: squares) == rewriter.shape(of: input)
        else { return nil }
        // The moments must be broadcast to the elements from which they were computed.
        let shape = rewriter.shape(of: input)
        let kept = shape.extents.indices.map { axes.contains($0) ? 1 : shape[$0] }
        for value in [mean, node.outputs[0]] {
            let own = rewriter.shape(of: value).extents
            guard own.count <= kept.count, Array(repeating: 1, count: kept.count - own.count) + own == kept else {
                return nil
            }
        }
        self.input = input
        self.mean = mean
        root = node.outputs[0]
        isReciprocal = node.operation == .reciprocalSquareRoot
        self.axes = axes
        self.epsilon = epsilon
        name = node.name
    }

    /// The two operands of a squared difference, the mean second.
    private static func deviation(_ rewriter: GraphRewriter, _ squares: Int) -> (input: Int, mean: Int)? {
        var node = rewriter.producing(squares)
        if node?.operation == .square { node = rewriter.producing(node?.input(0), .subtract) }
        guard let node, node.operation == .squaredDifference || node.operation == .subtract,
            let first = node.input(0), let second = node.input(1)
        else { return nil }
        if rewriter.producing(second, .reduceMean)?.input(0) == first { return (first, second) }
        if rewriter.producing(first, .reduceMean)?.input(0) == second { return (second, first) }
        return nil
    }

    /// Replaces the last node of the pattern, if it matches.
    func raise(in rewriter: inout GraphRewriter) {
        var candidates = [root]
        var seen = Set(candidates)
        // From the deviation to the result there are at most a product with gamma, one with a moment, and two sums.
        for _ in 0..<4 {
            var next: [Int] = []
            for value in candidates {
                for consumer in rewriter.consumers(of: value) {
                    guard let node = rewriter.nodes[consumer], let output = node.outputs.first,
                        [.add, .subtract, .multiply, .divide].contains(node.operation), seen.insert(output).inserted
                    else { continue }
                    if let (factors, summands) = normalization(rewriter, node) {
                        write(to: &rewriter, at: consumer, factors: factors, summands: summands)
                        return
                    }
                    next.append(output)
                }
            }
            candidates = next
        }
    }

    /// The constants that the normalized input is multiplied with, and those added, if the node is a normalization.
    private func normalization(_ rewriter: GraphRewriter, _ node: TypedGraph.Node) -> (factors: [Int], summands: [Int])?
    {
        guard rewriter.shape(of: node.outputs[0]) == rewriter.shape(of: input) else { return nil }
        if node.operation == .multiply || node.operation == .divide {
            guard node.operation == (isReciprocal ? .multiply : .divide), let first = node.input(0),
                let second = node.input(1), second == root || (isReciprocal && first == root)
            else { return nil }
            let difference = rewriter.producing(second == root ? first : second, .subtract)
            return difference?.input(0) == input && difference?.input(1) == mean ? ([], []) : nil
        }
        guard isReciprocal else { return nil }
        var inputFactors: [Int]?
        var meanFactors: [Int]?
        var summands: [Int] = []
        for term in terms(rewriter, node, isNegative: false, depth: 0) {
            guard let product = product(rewriter, term.value, depth: 0) else { return nil }
            let isNegative = term.isNegative != product.isNegative
            switch product.moments {
            case [input, root].sorted():
                guard inputFactors == nil, !isNegative else { return nil }
                inputFactors = product.constants
            case [mean, root].sorted():
                guard meanFactors == nil, isNegative else { return nil }
                meanFactors = product.constants
            case []:
                guard !isNegative, product.constants.count == 1 else { return nil }
                summands += product.constants
            default: return nil
            }
        }
        guard let inputFactors, inputFactors.sorted() == meanFactors?.sorted() else { return nil }
        return (inputFactors, summands)
    }

    private func terms(
        _ rewriter: GraphRewriter, _ node: TypedGraph.Node, isNegative: Bool, depth: Int
    ) -> [(value: Int, isNegative: Bool)] {
        var result: [(Int, Bool)] = []
        for (position, operand) in node.inputs.enumerated() {
            guard let operand else { continue }
            let sign = isNegative != (node.operation == .subtract && position == 1)
            if depth < 2, operand != input, operand != mean, let inner = rewriter.producing(operand),
                inner.operation == .add || inner.operation == .subtract
            {
                result += terms(rewriter, inner, isNegative: sign, depth: depth + 1)
            } else {
                result.append((operand, sign))
            }
        }
        return result
    }

    /// A product in factors: which of input, mean and deviation occur in it, ascending, and which constants.
    private func product(
        _ rewriter: GraphRewriter, _ value: Int, depth: Int
    ) -> (moments: [Int], constants: [Int], isNegative: Bool)? {
        if value == input || value == mean || value == root { return ([value], [], false) }
        if rewriter.constant(value) != nil { return ([], [value], false) }
        guard depth < 4, let node = rewriter.producing(value), let first = node.input(0) else { return nil }
        guard let left = product(rewriter, first, depth: depth + 1) else { return nil }
        if node.operation == .negate { return (left.moments, left.constants, !left.isNegative) }
        guard node.operation == .multiply, let second = node.input(1),
            let right = product(rewriter, second, depth: depth + 1)
        else { return nil }
        return (
            (left.moments + right.moments).sorted(), left.constants + right.constants,
            left.isNegative != right.isNegative
        )
    }

    private func write(to rewriter: inout GraphRewriter, at index: Int, factors: [Int], summands: [Int]) {
        guard let node = rewriter.nodes[index] else { return }
        let type = rewriter.type(of: input)
        let steps = factors.map { (Operation.multiply, $0) } + summands.map { (Operation.add, $0) }
        rewriter.remove(index)
        let attributes: Attributes = ["axes": .integers(axes), "epsilon": .number(epsilon)]
        guard !steps.isEmpty else {
            rewriter.insert(
                .layerNormalization, name: node.name, inputs: [input], making: node.outputs, attributes: attributes)
            return
        }
        var value = rewriter.insert(
            .layerNormalization, name: "\(node.name)/normalized", inputs: [input], type: type, attributes: attributes)
        for (operation, constant) in steps.dropLast() {
            value = rewriter.insert(operation, name: "\(node.name)/step", inputs: [value, constant], type: type)
        }
        if let (operation, constant) = steps.last {
            rewriter.insert(operation, name: node.name, inputs: [value, constant], making: node.outputs)
        }
    }
}

extension GraphRewriter {
    /// Removes axes of extent 1 from the attribute, and writes the last axis as −1.
    fileprivate mutating func canonicalizeAxes(at index: Int) {
        guard var node = nodes[index], let input = node.input(0), var axes = axes(node) else { return }
        let shape = shape(of: input)
        if node.weights.isEmpty {
            let long = axes.filter { shape[$0] != 1 }
            if !long.isEmpty { axes = long }
        }
        if axes == [shape.rank - 1] { axes = [-1] }
        guard node.attributes["axes"] != .integers(axes) else { return }
        node.attributes["axes"] = .integers(axes)
        replace(index, with: node)
    }
}
