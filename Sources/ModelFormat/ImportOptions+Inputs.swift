package import EmotionFormerCore
package import EmotionFormerGraph

extension ImportOptions {
    /// How a clip, or a frame of features, becomes the program's only input; nil for any other program.
    package func clip(of program: Program) throws(Fault) -> InputDescription? {
        var program = program
        let inputs = try inputs(of: &program)
        return inputs.count == 1 ? inputs[0].description : nil
    }

    /// The inputs of a program's main graph. A graph of one clip whose output has no batch axis has none either: its
    /// first axis, where the file leaves it open, is then that of the frames.
    func inputs(of program: inout Program) throws(Fault) -> [InputSpecification] {
        guard let main = program.graphs.first, let first = main.inputs.first else {
            throw Fault(
                .shapeMismatch, at: "inputs", "the model takes no input",
                found: program.graphs.isEmpty ? "no graph" : "no input")
        }
        let isSingle = main.inputs.count == 1
        // A clip, a vector or a picture is real numbers, whatever the integers are that the model makes of them.
        if isSingle { program = program.withRealInterface() }
        if isSingle, hasOpenFirstAxis, outputExtents.first.map({ $0.count < 2 }) ?? false, first.extents.count >= 2 {
            program.graphs[0].inputs[0].extents[0] = nil
        }
        var inputs: [InputSpecification] = []
        for input in program.graphs[0].inputs {
            inputs.append(
                InputSpecification(
                    name: inputNames[input.name] ?? input.name, value: input.name, role: .tensor))
        }
        let stated = try statements(roles, of: inputs.map(\.name), "input")
        for index in inputs.indices {
            let input = program.graphs[0].inputs[index]
            let found = isSingle ? role(of: input, in: program.graphs[0]) : .tensor
            inputs[index].role = try role(stated[index] ?? found, of: input, isStated: stated[index] != nil)
        }
        if isSingle, case .clip = inputs[0].role { inputs[0].name = InputSpecification.clipName }
        if isSingle, inputs[0].description != nil { return inputs }
        let unused: [(Bool, String)] = [
            (frames != nil, "frames"), (normalization != nil, "normalization"), (layout != nil, "layout"),
            (missingValue != .refuse, "missing values"),
        ]
        if let (_, name) = unused.first(where: \.0), !inputs.contains(where: { $0.description != nil }) {
            throw Fault(
                .invalidArgument, at: name, "the model takes neither a clip nor a vector of features",
                found: program.graphs[0].inputs.map(\.typeText).joined(separator: ", "),
                expected: "an input of shape [1, frames, features]")
        }
        return inputs
    }

    /// What a graph's only input certainly is.
    private func role(of input: GraphInput, in graph: Graph) -> InputSpecification.Role.Name {
        let extents = input.extents
        guard input.isReal, let last = extents.last, last != nil else { return .tensor }
        let frame = extents.dropFirst(2).reduce(1) { $0 * min($1 ?? 0, PackageRules.maximumFeatures + 1) }
        guard let batch = extents.first else { return .tensor }
        switch extents.count {
        case 2 where batch == 1:
            return (1...PackageRules.maximumFeatures).contains(last ?? 0) ? .vector : .tensor
        // Frames without a batch axis.
        case 2 where batch == nil, 3 where batch == nil && extents[1] != nil:
            let features = extents.dropFirst().reduce(1) { $0 * min($1 ?? 0, PackageRules.maximumFeatures + 1) }
            return (1...PackageRules.maximumFeatures).contains(features) ? .clip : .tensor
        case 3 where batch == 1: return (1...PackageRules.maximumFeatures).contains(frame) ? .clip : .tensor
        case 4 where batch == 1:
            guard let last, let second = extents[2] else { return .tensor }
            let isPicture = (last == 1 || last == 3) && min(extents[1] ?? 0, second) >= 28
            if isPicture, graph.beginsWithConvolution(of: input.name) { return .image }
            return !isPicture && (2...4).contains(last) && (1...PackageRules.maximumFeatures).contains(frame)
                ? .clip : .tensor
        default: return .tensor
        }
    }

    private func role(
        _ name: InputSpecification.Role.Name, of input: GraphInput, isStated: Bool
    ) throws(Fault) -> InputSpecification.Role {
        func refused(_ expected: String) -> Fault {
            Fault(
                .shapeMismatch, at: "inputs", "the input '\(input.name)' is no \(name.rawValue)", found: input.typeText,
                expected: expected)
        }
        func product(_ axes: ArraySlice<Int?>) throws(Fault) -> Int {
            var product = 1
            for axis in axes {
                guard let axis, axis > 0, product <= PackageRules.maximumFeatures else {
                    throw refused("axes of a frame that are known, and not too large")
                }
                product *= axis
            }
            return product
        }
        switch name {
        case .clip:
            let extents = input.extents
            let hasBatch = extents.count >= 3 && extents[0] == 1
            guard extents.count >= (hasBatch ? 3 : 2) else { throw refused("[1, frames, features]") }
            let time = hasBatch ? 1 : 0
            let features = try product(extents[(time + 1)...])
            guard let frames = extents[time] ?? frames ?? defaultFrames, self.frames ?? frames == frames else {
                throw Fault(
                    .invalidArgument, at: "frames",
                    extents[time] == nil
                        ? "the model leaves the number of frames open: give the largest"
                        : "the model has another number", found: self.frames.map { "\($0)" },
                    expected: extents[time].map { "\($0)" })
            }
            let frame = extents[(time + 1)...].compactMap(\.self)
            var clip = try description(frames: frames, features: features)
            if frame.count > 1 { clip.frameShape = frame }
            if !hasBatch, extents[time] == nil { clip.padding.side = .none }
            return .clip(clip)
        case .vector:
            guard input.extents.count >= 2, input.extents[0] ?? 1 == 1 else { throw refused("[1, features]") }
            guard frames ?? 1 == 1 else {
                throw Fault(
                    .invalidArgument, at: "frames", "the model takes the features of one frame",
                    found: "\(frames ?? 0)",
                    expected: "1")
            }
            var vector = try description(frames: 1, features: try product(input.extents[1...]))
            vector.padding = .init()
            vector.truncation = .end
            vector.missingFrame = .drop
            return .vector(vector)
        case .image:
            guard input.extents.count == 4 else { throw refused("[1, height, width, channels]") }
            return .image(.init())
        case .tensor: return .tensor
        }
    }

    private func description(frames: Int, features: Int) throws(Fault) -> InputDescription {
        var normalization = normalization
        if let given = normalization {
            normalization?.mean = try given.mean.withoutLeadingAxes()
            normalization?.standardDeviation = try given.standardDeviation.withoutLeadingAxes()
        }
        return InputDescription(
            frames: frames, features: features, layout: layout(features: features), normalization: normalization,
            padding: padding, truncation: truncation, missingFrame: missingFrame, missingValue: missingValue)
    }

    /// The user's word about each of some inputs or outputs.
    /// - Throws: `invalidArgument` for a name that none has, and for two words about one.
    func statements<Meaning>(
        _ statements: [Statement<Meaning>], of names: [String], _ what: String
    ) throws(Fault) -> [Meaning?] {
        var result = [Meaning?](repeating: nil, count: names.count)
        for statement in statements {
            let index = statement.name.map { names.firstIndex(of: $0) } ?? (names.isEmpty ? nil : 0)
            guard let index else {
                throw Fault(
                    .invalidArgument, at: "\(what)s", "the model has no such \(what)",
                    found: "'\(statement.name ?? "")'", expected: names.map { "'\($0)'" }.joined(separator: ", "))
            }
            guard result[index] == nil else {
                throw Fault(
                    .invalidArgument, at: "\(what)s", "two statements about one \(what)", found: "'\(names[index])'")
            }
            result[index] = statement.meaning
        }
        return result
    }
}

extension Graph {
    /// Whether a convolution or pooling over two axes is the first operation on an input that is more than arithmetic.
    fileprivate func beginsWithConvolution(of input: String) -> Bool {
        let passing: Set<EmotionFormerGraph.Operation> = [
            .identity, .cast, .rescaling, .multiply, .divide, .add, .subtract, .quantize, .dequantize, .pad,
        ]
        var value = input
        for node in nodes {
            guard node.inputs.contains(value), let output = node.outputs.first else { continue }
            switch node.operation {
            case .conv2D, .depthwiseConv2D, .pooling2D: return true
            case let operation where passing.contains(operation): value = output
            default: return false
            }
        }
        return false
    }
}

extension Tensor {
    /// Removes leading axes of extent 1, down to two axes: (1, 1, F) becomes (1, F).
    fileprivate func withoutLeadingAxes() throws(Fault) -> Tensor {
        let superfluous = max(shape.rank - 2, 0)
        guard superfluous > 0, shape.extents.prefix(superfluous).allSatisfy({ $0 == 1 }) else { return self }
        return try reshaped(to: Shape(Array(shape.extents.dropFirst(superfluous))))
    }
}
