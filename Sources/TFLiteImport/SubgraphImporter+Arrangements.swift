import EmotionFormerCore
import EmotionFormerGraph

extension SubgraphImporter {
    static let arrangementNames: [String: Operation] = [
        "RESHAPE": .reshape, "TRANSPOSE": .transpose, "EXPAND_DIMS": .expandDimensions, "SQUEEZE": .squeeze,
        "REVERSE_V2": .reverse, "FILL": .fill, "RANGE": .range, "SHAPE": .shape, "ONE_HOT": .oneHot,
        "ZEROS_LIKE": .zerosLike,
    ]

    func arrangement(_ reader: OperatorReader, _ kind: OperationFamily.Arrangement) throws(Fault) {
        switch kind {
        case .reshape: try reshape(reader)
        case .transpose:
            try reader.expect(inputs: 2...2)
            let permutation = try knownIntegers(reader, 1, "permutation")
            try emit(reader, .transpose, [try value(try reader.input(0))], ["permutation": .integers(permutation)])
        case .expandDimensions:
            try reader.expect(inputs: 2...2)
            let axis = try knownInteger(reader, 1, "axis")
            try emit(reader, .expandDimensions, [try value(try reader.input(0))], ["axis": .integer(axis)])
        case .squeeze:
            try reader.expect(inputs: 1...1)
            let axes = try reader.options(30).integers(0) ?? []
            try emit(reader, .squeeze, try operands(reader), ["axes": .integers(axes)])
        case .reverse:
            try reader.expect(inputs: 2...2)
            let axes = try knownIntegers(reader, 1, "axes")
            try emit(reader, .reverse, [try value(try reader.input(0))], ["axes": .integers(axes)])
        case .identity: throw reader.notImported()
        }
    }

    func generator(_ reader: OperatorReader, _ kind: OperationFamily.Generator) throws(Fault) {
        switch kind {
        case .shape:
            try reader.expect(inputs: 1...1)
            let type: ElementType = try reader.options(55).choice(0) == 4 ? .int64 : .int32
            try emit(reader, .shape, try operands(reader), ["elementType": .text(type.rawValue)])
        case .fill: try fill(reader)
        case .range: try plain(reader, .range, operandCount: 3)
        case .oneHot: try oneHot(reader)
        case .zerosLike: try plain(reader, .zerosLike, operandCount: 1)
        case .onesLike: throw reader.notImported()
        }
    }

    /// An operation whose operands after the first are lists of integers: attributes where they are known, operands
    /// where they are not.
    func withIntegers(
        _ reader: OperatorReader, _ operation: Operation, _ names: [String], _ attributes: Attributes = [:]
    ) throws(Fault) {
        try reader.expect(inputs: names.count + 1...names.count + 1)
        var operands: [String?] = [try value(try reader.input(0))]
        var attributes = attributes
        for (position, name) in names.enumerated() {
            let tensor = try reader.input(position + 1)
            let known = try integers(tensor)
            if let known { attributes[name] = .integers(known) }
            operands.append(known == nil ? try value(tensor) : nil)
        }
        try emit(reader, operation, operands, attributes)
    }

    /// The shape is an operand, or, in old files, an option; there a single 0 means a scalar.
    private func reshape(_ reader: OperatorReader) throws(Fault) {
        if reader.operation.inputs.count == 2, reader.optionalInput(1) != nil {
            return try withIntegers(reader, .reshape, ["shape"])
        }
        try reader.expect(inputs: 1...2)
        guard let shape = try reader.options(17).integers(0) else {
            throw Fault(.missingField, at: "", "the operator does not say which shape to give")
        }
        try emit(
            reader, .reshape, [try value(try reader.input(0))], ["shape": .integers(shape == [0] ? [] : shape)])
    }

    private func fill(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 2...2)
        let shape = try reader.input(0)
        let known = try integers(shape)
        let attributes: Attributes = known.map { ["shape": .integers($0)] } ?? [:]
        let operand = known == nil ? try value(shape) : nil
        try emit(reader, .fill, [operand, try value(try reader.input(1))], attributes)
    }
}
