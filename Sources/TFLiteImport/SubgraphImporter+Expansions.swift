import EmotionFormerCore
import EmotionFormerGraph

extension SubgraphImporter {
    static let expansionNames: [String: Operation] = [
        "CONCATENATION": .concatenate, "PACK": .pack, "TILE": .tile, "PAD": .pad, "PADV2": .pad,
        "MIRROR_PAD": .mirrorPad, "BROADCAST_TO": .broadcastTo,
    ]

    func expansion(_ reader: OperatorReader, _ kind: OperationFamily.Expansion) throws(Fault) {
        switch kind {
        case .pack:
            let axis = try reader.options(59).integer(1)
            try emit(reader, .pack, try someOperands(reader), ["axis": .integer(axis)])
        case .concatenate:
            let options = try reader.options(10)
            try emit(
                reader, .concatenate, try someOperands(reader), ["axis": .integer(try options.integer(0))],
                activation: try fusedActivation(try options.choice(1)))
        case .broadcastTo: try withIntegers(reader, .broadcastTo, ["shape"])
        case .tile: try withIntegers(reader, .tile, ["multiples"])
        case .pad:
            if reader.name == "PADV2" { return try padWithValue(reader) }
            // The zero of quantized numbers is their zero point.
            let zero = ConstantStore.valueQuantization(of: reader.tensor(reader.outputs[0]))?.zeroPoint ?? 0
            try withIntegers(reader, .pad, ["paddings"], zero == 0 ? [:] : ["value": .number(Double(zero))])
        case .mirrorPad:
            let mode: String
            switch try reader.options(77).choice(0) {
            case 0: mode = "reflect"
            case 1: mode = "symmetric"
            case let other:
                throw Fault(.unsupportedAttribute, at: "mode", "the mode is not supported", found: "\(other)")
            }
            try withIntegers(reader, .mirrorPad, ["paddings"], ["mode": .text(mode)])
        }
    }

    private func padWithValue(_ reader: OperatorReader) throws(Fault) {
        try reader.expect(inputs: 3...3)
        let paddings = try reader.input(1)
        let known = try integers(paddings)
        let scalar = try scalar(try reader.input(2)).flatMap { $0.isFinite ? $0 : nil }
        var attributes: Attributes = [:]
        if let known { attributes["paddings"] = .integers(known) }
        if let scalar { attributes["value"] = .number(scalar) }
        let operands = [
            try value(try reader.input(0)), known == nil ? try value(paddings) : nil,
            scalar == nil ? try value(try reader.input(2)) : nil,
        ]
        try emit(reader, .pad, operands, attributes)
    }

    private func someOperands(_ reader: OperatorReader) throws(Fault) -> [String?] {
        guard !reader.operation.inputs.isEmpty else {
            throw Fault(.invalidValue, at: "", "wrong number of operands", found: "0", expected: "at least 1")
        }
        return try operands(reader)
    }
}
