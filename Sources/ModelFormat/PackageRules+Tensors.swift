import EmotionFormerGraph
import EmotionFormerTensors

extension PackageRules {
    static func check(_ stored: StoredTensor) throws(Fault) {
        let tensor = stored.tensor
        try checkValues(of: tensor, at: "")
        guard let quantization = stored.quantization else { return }
        do throws(Fault) {
            try check(quantization, of: tensor)
        } catch {
            throw error.within("quantization")
        }
    }

    /// Checks that floats are finite and Booleans are 0 or 1.
    static func checkValues(of tensor: Tensor, at place: String) throws(Fault) {
        try tensor.withUnsafeBytes { bytes throws(Fault) in
            try ElementRule(tensor.elementType).check(bytes, firstByte: 0, at: place)
        }
    }

    private static func check(_ quantization: Quantization, of tensor: Tensor) throws(Fault) {
        let range: ClosedRange<Int>
        switch tensor.elementType {
        case .int8: range = -128...127
        case .uint8: range = 0...255
        case .int32: range = Int(Int32.min)...Int(Int32.max)
        default:
            throw Fault(
                .elementTypeMismatch, at: "", "a tensor of this type has no quantization",
                found: tensor.elementType.rawValue, expected: "int8, uint8, int32")
        }
        var count = 1
        if let axis = quantization.axis {
            guard axis >= 0, axis < tensor.shape.rank else {
                throw Fault(
                    .invalidValue, at: "axis", "there is no such axis", found: "\(axis) of \(tensor.shape)")
            }
            count = tensor.shape[axis]
        }
        guard quantization.scales.count == count else {
            throw Fault(
                .shapeMismatch, at: "scale", "wrong number of scales", found: "\(quantization.scales.count)",
                expected: "\(count)")
        }
        guard quantization.zeroPoints.count == count else {
            throw Fault(
                .shapeMismatch, at: "zeroPoint", "wrong number of zero points",
                found: "\(quantization.zeroPoints.count)", expected: "\(count)")
        }
        if let scale = quantization.scales.first(where: { !$0.isFinite || $0 <= 0 }) {
            throw Fault(
                .invalidValue, at: "scale", "a scale is not positive and finite", found: "\(scale)")
        }
        if let zeroPoint = quantization.zeroPoints.first(where: { !range.contains($0) }) {
            throw Fault(
                .invalidValue, at: "zeroPoint", "a zero point is out of range", found: "\(zeroPoint)",
                expected: "\(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// Checks that int8 weights have zero point 0: dynamic-range arithmetic does not support others.
    static func checkWeightQuantization(_ program: Program) throws(Fault) {
        for graph in program.graphs {
            for node in graph.nodes where node.operation != .constant {
                for (role, name) in node.weights.sorted(by: { $0.key < $1.key }) {
                    guard let stored = program.tensors[name], stored.tensor.elementType == .int8,
                        let zeroPoint = stored.quantization?.zeroPoints.first(where: { $0 != 0 })
                    else { continue }
                    throw Fault(
                        .invalidValue, at: "graph '\(graph.name)': node '\(node.name)': weight '\(role)'",
                        "an int8 weight has a zero point", found: "\(zeroPoint)", expected: "0")
                }
            }
        }
    }

    static func check(
        _ selfTest: SelfTest, input: InputDescription, outputs: ModelPackage.Outputs, labels: [String]?
    ) throws(Fault) {
        do throws(Fault) {
            let clips = selfTest.input.shape
            guard clips.rank == 3, clips[0] > 0, clips[1] == input.frames, clips[2] == input.features else {
                throw Fault(
                    .shapeMismatch, at: "input", "the shape is not clips × frames × features", found: "\(clips)",
                    expected: "[N, \(input.frames), \(input.features)]")
            }
            try check(selfTest.input, "input", clips)
            let results = selfTest.probabilities.shape
            guard results.rank == 2, results[0] == clips[0], results[1] > 0, results[1] == labels?.count ?? results[1]
            else {
                throw Fault(
                    .shapeMismatch, at: "probabilities", "the shape is not clips × classes", found: "\(results)",
                    expected: "[\(clips[0]), \(labels.map { "\($0.count)" } ?? "classes")]")
            }
            try check(selfTest.probabilities, "probabilities", results)
            if let logits = selfTest.logits { try check(logits, "logits", results) }
            guard (selfTest.logits == nil) == (selfTest.tolerance.logits == nil) else {
                throw Fault(
                    .missingField, at: "tolerance.logits", "a tolerance and the logits that it is for go together")
            }
            guard selfTest.logits == nil || outputs.logits != nil else {
                throw Fault(
                    .unknownName, at: "logits", "the self-test expects logits, but outputs.logits is absent")
            }
            for case let tolerance? in [selfTest.tolerance.probabilities, selfTest.tolerance.logits]
            where !(tolerance > 0 && tolerance.isFinite) {
                throw Fault(
                    .invalidValue, at: "tolerance", "a tolerance is not positive and finite", found: "\(tolerance)")
            }
            guard !selfTest.oracle.isEmpty else { throw Fault(.invalidValue, at: "oracle", "the name is empty") }
        } catch {
            throw error.within("selfTest")
        }
    }

    private static func check(_ tensor: Tensor, _ name: String, _ shape: Shape) throws(Fault) {
        guard tensor.elementType == .float32 else {
            throw Fault(
                .elementTypeMismatch, at: name, "the tensor is of another type", found: tensor.elementType.rawValue,
                expected: "float32")
        }
        guard tensor.shape == shape else {
            throw Fault(
                .shapeMismatch, at: name, "the shape is another", found: "\(tensor.shape)", expected: "\(shape)")
        }
        try checkValues(of: tensor, at: name)
    }
}
