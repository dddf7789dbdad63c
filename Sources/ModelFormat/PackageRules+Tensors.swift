import EmotionFormerCore
import EmotionFormerGraph

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
        case .int16: range = -32768...32767
        case .int32: range = Int(Int32.min)...Int(Int32.max)
        default:
            throw Fault(
                .elementTypeMismatch, at: "", "a tensor of this type has no quantization",
                found: tensor.elementType.rawValue, expected: "int8, uint8, int16, int32")
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
        _ selfTest: SelfTest, inputs: [InputSpecification], of main: Graph, outputs: [OutputSpecification],
        labels: [String]?
    ) throws(Fault) {
        do throws(Fault) {
            guard !selfTest.oracle.isEmpty else { throw Fault(.invalidValue, at: "oracle", "the name is empty") }
            let runs = selfTest.runCount
            guard runs > 0 else {
                throw Fault(
                    .shapeMismatch, at: selfTest.inputs.first?.name ?? "inputs", "there is no run",
                    found: selfTest.inputs.first.map { "\($0.tensor.shape)" }, expected: "one or more")
            }
            guard Set(selfTest.inputs.map(\.name)) == Set(inputs.map(\.name)), selfTest.inputs.count == inputs.count
            else {
                throw Fault(
                    .unknownName, at: "inputs", "the test does not give each of the model's inputs once",
                    found: selfTest.inputs.map { "'\($0.name)'" }.joined(separator: ", "),
                    expected: inputs.map { "'\($0.name)'" }.joined(separator: ", "))
            }
            for test in selfTest.inputs {
                guard let index = inputs.firstIndex(where: { $0.name == test.name }) else { continue }
                try check(test.tensor, test.name, runs: runs, inputs[index], main.inputs[index])
            }
            guard !selfTest.outputs.isEmpty else {
                throw Fault(.missingField, at: "outputs", "the test expects nothing", expected: "an output")
            }
            var names = Set<String>()
            for test in selfTest.outputs {
                guard let output = outputs.first(where: { $0.name == test.name }), names.insert(test.name).inserted
                else {
                    throw Fault(
                        .unknownName, at: test.name, "the test expects an output that the model does not give once",
                        found: "'\(test.name)'", expected: outputs.map { "'\($0.name)'" }.joined(separator: ", "))
                }
                try check(test, output, runs: runs, classCount: output == outputs.first ? labels?.count : nil)
            }
        } catch {
            throw error.within("selfTest")
        }
    }

    /// The runs of one input: in place of its batch axis, or before its axes if it has none.
    private static func check(
        _ tensor: Tensor, _ name: String, runs: Int, _ input: InputSpecification, _ taken: GraphInput
    ) throws(Fault) {
        let expected: [Int?]
        switch input.role {
        case .clip(let clip): expected = [runs, clip.frames, clip.features]
        case .vector(let vector): expected = [runs, vector.features]
        case .image, .tensor: expected = [runs] + taken.extents.dropFirst(taken.hasBatchAxis ? 1 : 0)
        }
        let type: ElementType = input.description == nil ? taken.elementType : .float32
        guard tensor.elementType == type else {
            throw Fault(
                .elementTypeMismatch, at: name, "the tensor is of another type", found: tensor.elementType.rawValue,
                expected: type.rawValue)
        }
        guard tensor.shape.rank == expected.count,
            zip(tensor.shape.extents, expected).allSatisfy({ $0 == $1 ?? $0 })
        else {
            throw Fault(
                .shapeMismatch, at: name,
                input.description == nil
                    ? "the shape is not runs × the input's" : "the shape is not runs × frames × features",
                found: "\(tensor.shape)", expected: GraphInput.text(expected))
        }
        if input.description?.missingValue != .keep { try checkValues(of: tensor, at: name) }
    }

    private static func check(
        _ test: SelfTest.Output, _ output: OutputSpecification, runs: Int, classCount: Int?
    ) throws(Fault) {
        let shape = test.tensor.shape
        guard shape.rank > 0, shape[0] == runs, shape.elementCount > 0,
            classCount == nil || shape.rank > 1 && shape[shape.rank - 1] == classCount
        else {
            throw Fault(
                .shapeMismatch, at: test.name, "the shape is not runs × the output's", found: "\(shape)",
                expected: "[\(runs), \(classCount.map { "\($0)" } ?? "…")]")
        }
        if let type = output.elementType, type != test.tensor.elementType {
            throw Fault(
                .elementTypeMismatch, at: test.name, "the tensor is of another type",
                found: test.tensor.elementType.rawValue, expected: type.rawValue)
        }
        try checkValues(of: test.tensor, at: test.name)
        guard test.tolerance >= 0, test.tolerance.isFinite,
            test.tolerance > 0 || !test.tensor.elementType.isFloatingPoint
        else {
            throw Fault(
                .invalidValue, at: "tolerance", "a tolerance is not positive and finite", found: "\(test.tolerance)")
        }
    }
}
