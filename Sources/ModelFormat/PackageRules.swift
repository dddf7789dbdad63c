import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerGraph

/// The rules of a package beyond those of a single graph.
enum PackageRules {
    /// Limits for a clip, so that a small file cannot make a program reserve unexpected amounts of memory.
    static let maximumFrames = 1 << 16
    static let maximumFeatures = 1 << 16
    static let maximumElements = 1 << 26
    /// Of a model's inputs, and of its outputs.
    static let maximumEnds = 1024

    static func check(name: String, metadata: JSONValue?, producer: ModelPackage.Producer) throws(Fault) {
        guard !name.isEmpty else { throw Fault(.invalidValue, at: "name", "the name is empty") }
        switch metadata {
        case nil, .object: break
        default: throw Fault(.invalidValue, at: "metadata", "the value is of the wrong kind", expected: "an object")
        }
        for (index, source) in producer.sources.enumerated() where !isHexadecimal(source.sha256, count: 64) {
            throw Fault(
                .invalidValue, at: "producer.sources[\(index)].sha256", "the value is not a SHA-256",
                found: "'\(JSONPath.shortened(source.sha256))'", expected: "64 lower-case hexadecimal digits")
        }
    }

    /// Where an input is stated: `input` if there is no other, else `inputs[2]`.
    private static func place(_ index: Int, of count: Int) -> String { count == 1 ? "input" : "inputs[\(index)]" }

    static func check(_ inputs: [InputSpecification]) throws(Fault) {
        var names = Set<String>()
        for (index, input) in inputs.enumerated() {
            let place = place(index, of: inputs.count)
            try check(name: input.name, "\(place).name")
            guard names.insert(input.name).inserted else {
                throw Fault(.duplicateName, at: "\(place).name", "two inputs have one name", found: "'\(input.name)'")
            }
            switch input.role {
            case .clip(let description): try check(description, place)
            case .vector(let description):
                guard description.frames == 1 else {
                    throw Fault(
                        .invalidValue, at: "\(place).frames", "a vector is one frame", found: "\(description.frames)")
                }
                try check(description, place)
            case .image(let image):
                guard let range = image.range else { break }
                guard Float(range.lowerBound).isFinite, Float(range.upperBound).isFinite else {
                    throw Fault(
                        .invalidValue, at: "\(place).range", "the range is not finite", found: "\(range)")
                }
            case .tensor: break
            }
        }
    }

    /// A name that a caller types, on one line.
    private static func check(name: String, _ place: String) throws(Fault) {
        guard !name.isEmpty, !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw Fault(
                .invalidValue, at: place, "the name is empty or holds a control character", found: "'\(name)'")
        }
    }

    static func check(_ input: InputDescription, _ place: String = "input") throws(Fault) {
        try check(input.frames, in: 1...maximumFrames, "\(place).frames")
        try check(input.features, in: 1...maximumFeatures, "\(place).features")
        guard input.frames * input.features <= maximumElements else {
            throw Fault(
                .limitExceeded, at: place, "a clip has too many numbers",
                found: "\(input.frames) frames of \(input.features) features", expected: "at most \(maximumElements)")
        }
        var product = 1
        for extent in input.frameShape where product <= input.features {
            product = extent > 0 && extent <= input.features ? product * extent : input.features + 1
        }
        guard !input.frameShape.isEmpty, product == input.features else {
            throw Fault(
                .shapeMismatch, at: "\(place).frameShape", "the axes of a frame do not multiply to its features",
                found: "\(input.frameShape)", expected: "\(input.features) features")
        }
        if input.layout == .xyzInterleaved || input.layout == .xyzPlanar, !input.features.isMultiple(of: 3) {
            throw Fault(
                .layoutMismatch, at: "\(place).features", "the layout '\(input.layout.rawValue)' needs a multiple of 3",
                found: "\(input.features)")
        }
        guard Float(input.padding.value).isFinite else {
            throw Fault(
                .invalidValue, at: "\(place).padding.value", "the number is not a finite float32",
                found: "\(input.padding.value)")
        }
        if let normalization = input.normalization {
            do throws(Fault) {
                try check(normalization, Shape([input.frames, input.features]))
            } catch {
                throw error.within("\(place).normalization")
            }
        }
    }

    private static func check(_ value: Int, in range: ClosedRange<Int>, _ place: String) throws(Fault) {
        guard range.contains(value) else {
            throw Fault(
                value < range.lowerBound ? .invalidValue : .limitExceeded, at: place, "the number is out of range",
                found: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
        }
    }

    private static func check(_ normalization: InputDescription.Normalization, _ clip: Shape) throws(Fault) {
        for (name, tensor) in [("mean", normalization.mean), ("standardDeviation", normalization.standardDeviation)] {
            guard tensor.elementType == .float32 else {
                throw Fault(
                    .elementTypeMismatch, at: name, "the tensor is of another type",
                    found: tensor.elementType.rawValue, expected: "float32")
            }
            guard (try? tensor.shape.strides(broadcastTo: clip)) != nil else {
                throw Fault(
                    .shapeMismatch, at: name, "the shape does not broadcast to frames × features",
                    found: "\(tensor.shape)", expected: "\(clip) or less")
            }
            try checkValues(of: tensor, at: name)
        }
        let epsilon = Float(normalization.epsilon)
        guard epsilon.isFinite, epsilon >= 0 else {
            throw Fault(
                .invalidValue, at: "epsilon", "the number is negative or not finite",
                found: "\(normalization.epsilon)")
        }
        let deviations = normalization.standardDeviation.elements(as: Float.self) ?? []
        for (index, deviation) in deviations.enumerated() where deviation < 0 || deviation + epsilon <= 0 {
            let shape = normalization.standardDeviation.shape
            let feature = shape.rank == 0 || shape.extents.last == 1 ? nil : index % (shape.extents.last ?? 1)
            throw Fault(
                .invalidValue, at: "standardDeviation",
                deviation < 0 ? "a standard deviation is negative" : "a standard deviation is 0 without an epsilon",
                found: "\(deviation)" + (feature.map { " for feature \($0)" } ?? ""),
                expected: deviation < 0 ? "a positive number" : "a positive number, or an epsilon above 0")
        }
    }

    /// The first graph, after a check that its inputs agree with their descriptions.
    static func mainGraph(_ program: Program, takes inputs: [InputSpecification]) throws(Fault) -> Graph {
        guard let main = program.graphs.first else {
            throw Fault(.missingField, at: "graphs", "there is no graph", expected: "at least one")
        }
        let place = "graph '\(main.name)': inputs"
        guard main.inputs.count == inputs.count else {
            throw Fault(
                .invalidValue, at: place, "the main graph has another number of inputs than the model",
                found: "\(main.inputs.count)", expected: "\(inputs.count)")
        }
        for (index, (input, taken)) in zip(inputs, main.inputs).enumerated() {
            let at = PackageRules.place(index, of: inputs.count)
            guard input.value == taken.name else {
                throw Fault(
                    .unknownName, at: "\(at).value", "the main graph has another input in this place",
                    found: "'\(input.value)'", expected: "'\(taken.name)'")
            }
            switch input.role {
            case .clip(let description):
                try check(taken, holds: description, isVector: false, at, place)
            case .vector(let description):
                try check(taken, holds: description, isVector: true, at, place)
            case .image:
                guard taken.extents.count == 4 else {
                    throw Fault(
                        .shapeMismatch, at: place, "a picture has four axes", found: taken.typeText,
                        expected: "[batch, height, width, channels]")
                }
            case .tensor: break
            }
        }
        return main
    }

    private static func check(
        _ taken: GraphInput, holds input: InputDescription, isVector: Bool, _ at: String, _ place: String
    ) throws(Fault) {
        guard taken.isReal else {
            throw Fault(
                .elementTypeMismatch, at: place, "a clip is of another type", found: taken.elementType.rawValue,
                expected: "float32")
        }
        guard let axes = ClipAxes(taken, input, isVector: isVector) else {
            throw Fault(
                .shapeMismatch, at: place, "the shape does not agree with \(at).frames and \(at).features",
                found: taken.shapeText,
                expected: isVector ? "[1, \(input.features)]" : "[1, \(input.frames), \(input.features)]")
        }
        let frame = taken.extents[axes.frameStart...].compactMap(\.self)
        guard frame.count == 1 || input.frameShape == frame || input.frameShape == [input.features] else {
            throw Fault(
                .shapeMismatch, at: "\(at).frameShape", "the axes of a frame are not those of the graph's input",
                found: "\(input.frameShape)", expected: "\(frame)")
        }
        let isOpen = axes.time.map { taken.extents[$0] == nil } ?? false
        if input.padding.side == .none, !isOpen, !isVector {
            throw Fault(
                .invalidValue, at: "\(at).padding.side", "clips of any length need a graph with an open time axis",
                found: "'none' with \(input.frames) frames in the graph", expected: "'end' or 'start'")
        }
    }

    /// Checks that outputs that are said to be probabilities are not scores that do not exclude each other.
    static func check(_ outputs: [OutputSpecification], in program: Program) throws(Fault) {
        guard let proof = OutputProof(program) else { return }
        // One value may be several outputs.
        var proven = Set<String>()
        for output in outputs where output.kind == .probabilities && proven.insert(output.value).inserted {
            guard proof.kind(of: output.value, extents: output.extents) == .scores else { continue }
            throw Fault(
                .unsupportedOperation, at: "outputs.\(output.name)",
                "the model ends in a sigmoid: its outputs are scores that do not exclude each other, and no probabilities",
                expected: "the kind 'scores'")
        }
    }

    static func check(_ outputs: [OutputSpecification], of main: Graph) throws(Fault) {
        guard !outputs.isEmpty else {
            throw Fault(.missingField, at: "outputs", "there is no output", expected: "at least one")
        }
        var names = Set<String>()
        for output in outputs {
            let place = "outputs.\(output.name)"
            try check(name: output.name, "outputs")
            guard names.insert(output.name).inserted else {
                throw Fault(.duplicateName, at: place, "two outputs have one name", found: "'\(output.name)'")
            }
            guard main.outputs.contains(output.value) else {
                throw Fault(
                    .unknownName, at: place, "the main graph has no such output", found: "'\(output.value)'",
                    expected: main.outputs.map { "'\($0)'" }.joined(separator: ", "))
            }
            guard output.kind == .values || output.elementType.map(isReal) ?? true else {
                throw Fault(
                    .elementTypeMismatch, at: place, "\(output.kind.rawValue) are no integers",
                    found: output.elementType?.rawValue, expected: "the kind 'values'")
            }
            if output.per == .frame, let extents = output.extents, extents.count < 2 {
                throw Fault(
                    .shapeMismatch, at: place, "a row for each frame needs an axis of frames",
                    found: "\(extents.count) axes", expected: "[1, frames, …]")
            }
        }
    }

    /// Whether elements can stand for real numbers: floats, and the integers of quantized values.
    private static func isReal(_ type: ElementType) -> Bool {
        type.isFloatingPoint || (type.isInteger && type.byteCount < 4)
    }

    static func check(labels: [String]?, classCount: Int?) throws(Fault) {
        guard let labels else { return }
        var seen = Set<String>()
        for (index, label) in labels.enumerated() {
            guard !label.isEmpty, !label.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
                throw Fault(
                    .invalidValue, at: "labels[\(index)]", "the label is empty or holds a control character",
                    found: "'\(label)'")
            }
            guard seen.insert(label).inserted else {
                throw Fault(.duplicateName, at: "labels[\(index)]", "two labels are the same", found: "'\(label)'")
            }
        }
        guard !labels.isEmpty else { throw Fault(.invalidValue, at: "labels", "there is no label") }
        if let classCount, classCount != labels.count {
            throw Fault(
                .shapeMismatch, at: "labels", "there are more or fewer labels than the model has outputs",
                found: "\(labels.count)", expected: "\(classCount)")
        }
    }

    static func isHexadecimal(_ text: String, count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy {
                ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
                    || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f"))
            }
    }
}
