import EmotionFormerCore
import EmotionFormerGraph

extension SubgraphImporter {
    static let reductionNames: [String: Operation] = [
        "MEAN": .reduceMean, "SUM": .reduceSum, "REDUCE_MAX": .reduceMaximum, "REDUCE_MIN": .reduceMinimum,
        "REDUCE_PROD": .reduceProduct, "REDUCE_ANY": .reduceAny, "REDUCE_ALL": .reduceAll, "ARG_MAX": .argMaximum,
        "ARG_MIN": .argMinimum, "CUMSUM": .cumulativeSum,
    ]

    func reduction(_ reader: OperatorReader, _ operation: Operation) throws(Fault) {
        try reader.expect(inputs: 2...2)
        let attributes: Attributes = [
            "axes": .integers(try knownIntegers(reader, 1, "axes")),
            "keepDimensions": .boolean(try reader.options(27).flag(0)),
        ]
        try emit(reader, operation, [try value(try reader.input(0))], attributes)
    }

    func scan(_ reader: OperatorReader, _ kind: OperationFamily.Scan) throws(Fault) {
        switch kind {
        case .argMaximum: try extremeIndex(reader, .argMaximum)
        case .argMinimum: try extremeIndex(reader, .argMinimum)
        case .cumulativeSum:
            try reader.expect(inputs: 2...2)
            let options = try reader.options(102)
            let attributes: Attributes = [
                "axis": .integer(try knownInteger(reader, 1, "axis")), "exclusive": .boolean(try options.flag(0)),
                "reverse": .boolean(try options.flag(1)),
            ]
            try emit(reader, .cumulativeSum, [try value(try reader.input(0))], attributes)
        }
    }

    private func extremeIndex(_ reader: OperatorReader, _ operation: Operation) throws(Fault) {
        try reader.expect(inputs: 2...2)
        guard let type = reader.tensor(reader.outputs[0]).type.elementType else { throw reader.notImported() }
        let attributes: Attributes = [
            "axis": .integer(try knownInteger(reader, 1, "axis")), "elementType": .text(type.rawValue),
        ]
        try emit(reader, operation, [try value(try reader.input(0))], attributes)
    }

    /// Products of consecutive elements of a vector, by segment. Attention over an open number of frames computes its
    /// shapes with it.
    func segmentProducts(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 3...3, outputs: 1)
        let segments = try knownIntegers(reader, 1, "segments")
        let count = try knownInteger(reader, 2, "number of segments")
        let isOrdered =
            !segments.isEmpty && (1...64).contains(count) && segments == segments.sorted()
            && Set(segments) == Set(0..<count)
        guard reader.tensor(try reader.input(0)).shape.count == 1, isOrdered else {
            throw reader.unsupported(
                "multiplies other segments than neighbors in a vector, which is not supported", found: "\(segments)")
        }
        let input = try value(try reader.input(0))
        var products: [String] = []
        for segment in 0..<count {
            let members = segments.indices.filter { segments[$0] == segment }
            let part = intermediate(of: reader.outputs[0], "segment\(segment)")
            let product = intermediate(of: reader.outputs[0], "product\(segment)")
            let range: Attributes = ["begin": .integers([members[0]]), "size": .integers([members.count])]
            emit(reader, .slice, [input], outputs: [part], range, step: "slice\(segment)")
            emit(
                reader, .reduceProduct, [part], outputs: [product],
                ["axes": .integers([0]), "keepDimensions": .boolean(true)], step: "product\(segment)")
            products.append(product)
        }
        try emit(reader, .concatenate, products, ["axis": .integer(0)])
    }

    /// x / max(√Σx², 10⁻⁶) over the last axis, as operations.
    func l2Normalization(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 1...1)
        let activation = try fusedActivation(try reader.options(12).choice(0))
        let input = try value(try reader.input(0))
        let steps: [(operation: Operation, attributes: Attributes)] = [
            (.square, [:]), (.reduceSum, ["axes": .integers([-1]), "keepDimensions": .boolean(true)]),
            (.squareRoot, [:]), (.clip, ["minimum": .number(1e-6)]),
        ]
        var length = input
        for step in steps {
            let result = intermediate(of: reader.outputs[0], step.operation.rawValue)
            emit(reader, step.operation, [length], outputs: [result], step.attributes, step: step.operation.rawValue)
            length = result
        }
        try emit(reader, .divide, [input, length], activation: activation)
    }

    /// The integers of an operand that must be known before the model runs.
    func knownIntegers(
        _ reader: OperatorReader, _ position: Int, _ what: String, atMost count: Int = 64
    ) throws(Fault) -> [Int] {
        let tensor = try reader.input(position)
        guard let integers = try integers(tensor, atMost: count) else {
            throw reader.unsupported(
                "computes its \(what) at run time, which is not supported", found: reader.place(tensor))
        }
        return integers
    }

    func knownInteger(_ reader: OperatorReader, _ position: Int, _ what: String) throws(Fault) -> Int {
        let integers = try knownIntegers(reader, position, what)
        guard integers.count == 1, let integer = integers.first else {
            throw Fault(
                .shapeMismatch, at: reader.place(try reader.input(position)), "one integer was expected: \(what)",
                found: "\(integers.count)")
        }
        return integer
    }
}
