import EmotionFormerGraph
import EmotionFormerTensors

extension SubgraphImporter {
    /// - Returns: whether the operation is of this family.
    func padding(_ reader: OperatorReader) throws(Fault) -> Bool {
        switch reader.name {
        case "PAD": try withIntegers(reader, .pad, ["paddings"])
        case "PADV2": try padWithValue(reader)
        case "MIRROR_PAD":
            let mode: String
            switch try reader.options(77).choice(0) {
            case 0: mode = "reflect"
            case 1: mode = "symmetric"
            case let other:
                throw Fault(.unsupportedAttribute, at: "mode", "the mode is not supported", found: "\(other)")
            }
            try withIntegers(reader, .mirrorPad, ["paddings"], ["mode": .text(mode)])
        default: return false
        }
        return true
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
}
