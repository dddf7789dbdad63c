import EmotionFormerGraph
import EmotionFormerTensors

extension SubgraphImporter {
    /// - Returns: whether the operation is of this family.
    func shapes(_ reader: OperatorReader) throws(Fault) -> Bool {
        switch reader.name {
        case "RESHAPE": try reshape(reader)
        case "TRANSPOSE":
            try reader.expect(inputs: 2...2)
            let permutation = try knownIntegers(reader, 1, "permutation")
            try emit(reader, .transpose, [try value(try reader.input(0))], ["permutation": .integers(permutation)])
        case "EXPAND_DIMS":
            try reader.expect(inputs: 2...2)
            let axis = try knownInteger(reader, 1, "axis")
            try emit(reader, .expandDimensions, [try value(try reader.input(0))], ["axis": .integer(axis)])
        case "SQUEEZE":
            try reader.expect(inputs: 1...1)
            let axes = try reader.options(30).integers(0) ?? []
            try emit(reader, .squeeze, try operands(reader), ["axes": .integers(axes)])
        case "REVERSE_V2":
            try reader.expect(inputs: 2...2)
            let axes = try knownIntegers(reader, 1, "axes")
            try emit(reader, .reverse, [try value(try reader.input(0))], ["axes": .integers(axes)])
        case "SHAPE":
            try reader.expect(inputs: 1...1)
            let type: ElementType = try reader.options(55).choice(0) == 4 ? .int64 : .int32
            try emit(reader, .shape, try operands(reader), ["elementType": .text(type.rawValue)])
        case "BROADCAST_TO": try withIntegers(reader, .broadcastTo, ["shape"])
        case "TILE": try withIntegers(reader, .tile, ["multiples"])
        case "FILL": try fill(reader)
        case "RANGE":
            try reader.expect(inputs: 3...3)
            try emit(reader, .range, try operands(reader))
        default: return false
        }
        return true
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
