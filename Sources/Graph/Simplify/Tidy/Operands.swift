import EmotionFormerCore

extension SimplifierPass {
    /// Brings equivalent nodes into one form: constants come second, subtracting a constant becomes adding its
    /// negative, expandDimensions and squeeze become reshape, x · x becomes square.
    static let canonicalizeOperands = SimplifierPass("canonicalizeOperands") { rewriter throws(Fault) in
        for index in rewriter.nodes.indices {
            guard let node = rewriter.nodes[index], let output = node.outputs.first else { continue }
            switch node.operation {
            case .add, .multiply, .maximum, .minimum, .squaredDifference, .equal, .notEqual, .logicalAnd, .logicalOr:
                let first = node.input(0)
                if rewriter.constant(first) != nil, rewriter.constant(node.input(1)) == nil {
                    var swapped = node
                    swapped.inputs = [node.input(1), first]
                    rewriter.replace(index, with: swapped)
                } else if node.operation == .multiply, first == node.input(1) {
                    rewriter.replace(index, with: .square, inputs: [first])
                }
            case .subtract:
                guard rewriter.constant(node.input(0)) == nil, let constant = node.input(1),
                    rewriter.constant(constant)?.tensor.elementType == .float32,
                    rewriter.mayCompute(elementCount: rewriter.shape(of: constant).elementCount),
                    let numbers = rewriter.numbers(constant)
                else { continue }
                let negated = try Tensor(numbers.map { -$0 }, shape: rewriter.shape(of: constant))
                let summand = rewriter.addConstant(named: "\(rewriter.values[constant].name)/negated", negated)
                rewriter.replace(index, with: .add, inputs: [node.input(0), summand])
            case .power:
                guard rewriter.constant(node.input(0)) == nil, let exponent = rewriter.scalar(node.input(1)),
                    let input = node.input(0), rewriter.type(of: input) == rewriter.type(of: output)
                else { continue }
                let operation: Operation
                switch exponent {
                case 2: operation = .square
                case 0.5: operation = .squareRoot
                case -0.5: operation = .reciprocalSquareRoot
                default: continue
                }
                rewriter.replace(index, with: operation, inputs: [input])
            case .expandDimensions, .squeeze, .reshape:
                let shape = AttributeValue.integers(rewriter.shape(of: output).extents)
                if node.operation == .reshape, node.attributes["shape"] == shape { continue }
                rewriter.replace(index, with: .reshape, inputs: [node.input(0)], attributes: ["shape": shape])
            case .stridedSlice:
                // All elements in their order, in another shape.
                guard let input = node.input(0), let strides = try node.attributes.optionalIntegers("strides"),
                    strides.allSatisfy({ $0 == 1 }),
                    rewriter.shape(of: input).elementCount == rewriter.shape(of: output).elementCount
                else { continue }
                rewriter.replace(
                    index, with: .reshape, inputs: [input],
                    attributes: ["shape": .integers(rewriter.shape(of: output).extents)])
            default: continue
            }
        }
    }
}
