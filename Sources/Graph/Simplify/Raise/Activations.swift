import EmotionFormerCore

extension SimplifierPass {
    /// The formulas of gelu, silu, hardSigmoid, hardSilu and relu → activation.
    static let raiseActivations = SimplifierPass("raiseActivations") { rewriter throws(Fault) in
        for index in rewriter.indices(of: .errorFunction) { rewriter.raiseGelu(at: index) }
        for index in rewriter.indices(of: .activation) {
            rewriter.raiseGeluTanh(at: index)
            rewriter.raiseSilu(at: index)
            rewriter.raiseHardSigmoid(at: index)
        }
        for index in rewriter.indices(of: .maximum) { rewriter.raiseRelu(at: index) }
    }
}

extension GraphRewriter {
    /// x/2 (1 + erf(x / √2)).
    fileprivate mutating func raiseGelu(at index: Int) {
        guard let node = nodes[index], let scaled = producing(node.input(0)), let input = scaled.input(0),
            let factor = scalar(scaled.input(1)),
            isNear(
                scaled.operation == .divide ? 1 / factor : scaled.operation == .multiply ? factor : 0, 0.5.squareRoot())
        else { return }
        raiseProduct(of: input, with: node.outputs[0], plus: 1, times: 0.5, as: .gelu)
    }

    /// x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))).
    fileprivate mutating func raiseGeluTanh(at index: Int) {
        guard let node = nodes[index], node.parameterlessFunction == .tanh,
            let scaled = producing(node.input(0), .multiply), let (sum, factor) = variableAndScalar(scaled),
            isNear(factor, 0.797_884_560_8), let polynomial = producing(sum, .add)
        else { return }
        for input in polynomial.inputs.compactMap(\.self) {
            guard let cubic = other(polynomial, than: input), let (factors, constant) = product(cubic, of: input),
                factors == 3, isNear(constant, 0.044_715)
            else { continue }
            return raiseProduct(of: input, with: node.outputs[0], plus: 1, times: 0.5, as: .geluTanh)
        }
    }

    /// x sigmoid(x), and x hardSigmoid(x).
    fileprivate mutating func raiseSilu(at index: Int) {
        guard let node = nodes[index], let input = node.input(0), let function = node.parameterlessFunction,
            function == .sigmoid || function == .hardSigmoid
        else { return }
        for consumer in consumers(of: node.outputs[0]) {
            guard let product = nodes[consumer], product.operation == .multiply,
                other(product, than: node.outputs[0]) == input
            else { continue }
            replace(consumer, with: function == .sigmoid ? .silu : .hardSilu, of: input)
        }
    }

    /// relu6(x + 3) / 6.
    fileprivate mutating func raiseHardSigmoid(at index: Int) {
        guard let node = nodes[index], node.parameterlessFunction == .relu6, let sum = producing(node.input(0), .add),
            let (input, three) = variableAndScalar(sum), three == 3,
            shape(of: input) == shape(of: node.outputs[0])
        else { return }
        for consumer in consumers(of: node.outputs[0]) {
            guard let scaled = nodes[consumer], let factor = scalar(scaled.input(1)),
                scaled.input(0) == node.outputs[0], shape(of: scaled.outputs[0]) == shape(of: input),
                isNear(scaled.operation == .multiply ? factor : scaled.operation == .divide ? 1 / factor : 0, 1 / 6)
            else { continue }
            replace(consumer, with: .hardSigmoid, of: input)
        }
    }

    /// max(x, 0).
    fileprivate mutating func raiseRelu(at index: Int) {
        guard let node = nodes[index], scalar(node.input(1)) == 0, let input = node.input(0),
            type(of: input) == type(of: node.outputs[0]), type(of: input).elementType == .float32
        else { return }
        replace(index, with: .relu, of: input)
    }

    /// Replaces the product of x, value + summand and a factor, whatever the order in which it is written.
    private mutating func raiseProduct(
        of input: Int, with value: Int, plus summand: Double, times factor: Double, as function: ActivationFunction
    ) {
        for consumer in consumers(of: value) {
            guard let sum = nodes[consumer], sum.operation == .add, variableAndScalar(sum)?.scalar == summand else {
                continue
            }
            var candidates = consumers(of: sum.outputs[0])
            candidates += candidates.flatMap { nodes[$0].map { consumers(of: $0.outputs[0]) } ?? [] }
            for candidate in candidates {
                guard let node = nodes[candidate], node.operation == .multiply,
                    type(of: node.outputs[0]) == type(of: input),
                    let (powers, constant) = product(node.outputs[0], of: input, sum.outputs[0]), powers == 101,
                    isNear(constant, factor)
                else { continue }
                replace(candidate, with: function, of: input)
                return
            }
        }
    }

    /// A product in factors: the number of times that `input` occurs plus a hundred for each `other`, and the constant
    /// factor.
    private func product(_ value: Int, of input: Int, _ other: Int? = nil, depth: Int = 0) -> (
        powers: Int, constant: Double
    )? {
        if value == input { return (1, 1) }
        if value == other { return (100, 1) }
        if let scalar = scalar(value) { return (0, scalar) }
        guard depth < 4, let node = producing(value), let first = node.input(0) else { return nil }
        if node.operation == .square, first == input { return (2, 1) }
        if node.operation == .power, first == input, let exponent = scalar(node.input(1)), exponent == 3 {
            return (3, 1)
        }
        guard node.operation == .multiply, let second = node.input(1),
            let left = product(first, of: input, other, depth: depth + 1),
            let right = product(second, of: input, other, depth: depth + 1)
        else { return nil }
        return (left.powers + right.powers, left.constant * right.constant)
    }

    private func isNear(_ number: Double, _ expected: Double) -> Bool { abs(number - expected) < 1e-6 * expected }

    private mutating func replace(_ index: Int, with function: ActivationFunction, of input: Int) {
        replace(index, with: .activation, inputs: [input], attributes: ["function": .text(function.rawValue)])
    }
}
