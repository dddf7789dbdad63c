import EmotionFormerFiles
import EmotionFormerGraph
import EmotionFormerTensors

/// The rules of a package beyond those of a single graph.
enum PackageRules {
    /// Limits for a clip, so that a small file cannot make a program reserve unexpected amounts of memory.
    static let maximumFrames = 1 << 16
    static let maximumFeatures = 1 << 16
    static let maximumElements = 1 << 26

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

    static func check(_ input: InputDescription) throws(Fault) {
        try check(input.frames, in: 1...maximumFrames, "input.frames")
        try check(input.features, in: 1...maximumFeatures, "input.features")
        guard input.frames * input.features <= maximumElements else {
            throw Fault(
                .limitExceeded, at: "input", "a clip has too many numbers",
                found: "\(input.frames) frames of \(input.features) features", expected: "at most \(maximumElements)")
        }
        if input.layout == .xyzInterleaved || input.layout == .xyzPlanar, !input.features.isMultiple(of: 3) {
            throw Fault(
                .layoutMismatch, at: "input.features", "the layout '\(input.layout.rawValue)' needs a multiple of 3",
                found: "\(input.features)")
        }
        guard Float(input.padding.value).isFinite else {
            throw Fault(
                .invalidValue, at: "input.padding.value", "the number is not a finite float32",
                found: "\(input.padding.value)")
        }
        if let normalization = input.normalization {
            do throws(Fault) {
                try check(normalization, Shape([input.frames, input.features]))
            } catch {
                throw error.within("input.normalization")
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

    /// The first graph, after a check that it takes exactly one (B, T, F) that agrees with the input's description.
    static func mainGraph(_ program: Program, takes input: InputDescription) throws(Fault) -> Graph {
        guard let main = program.graphs.first else {
            throw Fault(.missingField, at: "graphs", "there is no graph", expected: "at least one")
        }
        let place = "graph '\(main.name)': inputs"
        guard main.inputs.count == 1, let taken = main.inputs.first else {
            throw Fault(
                .invalidValue, at: place, "the main graph takes a clip and nothing else",
                found: "\(main.inputs.count) inputs", expected: "1")
        }
        guard taken.elementType == .float32 else {
            throw Fault(
                .elementTypeMismatch, at: place, "the clip is of another type", found: taken.elementType.rawValue,
                expected: "float32")
        }
        let extents = taken.extents
        let isOpen = extents.count == 3 && extents[1] == nil
        guard extents.count == 3, extents[0] ?? 1 == 1, extents[1] ?? input.frames == input.frames,
            extents[2] == input.features
        else {
            throw Fault(
                .shapeMismatch, at: place, "the shape does not agree with input.frames and input.features",
                found: "[" + extents.map { $0.map(String.init) ?? "null" }.joined(separator: ", ") + "]",
                expected: "[1, \(input.frames), \(input.features)]")
        }
        if input.padding.side == .none, !isOpen {
            throw Fault(
                .invalidValue, at: "input.padding.side", "clips of any length need a graph with an open time axis",
                found: "'none' with \(input.frames) frames in the graph", expected: "'end' or 'start'")
        }
        return main
    }

    static func check(_ outputs: ModelPackage.Outputs, of main: Graph) throws(Fault) {
        for (field, value) in [("probabilities", outputs.probabilities), ("logits", outputs.logits)] {
            guard let value, !main.outputs.contains(value) else { continue }
            throw Fault(
                .unknownName, at: "outputs.\(field)", "the main graph has no such output", found: "'\(value)'",
                expected: main.outputs.map { "'\($0)'" }.joined(separator: ", "))
        }
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
