import EmotionFormerCore
import EmotionFormerFiles

extension Manifest {
    /// The field `outputs` of format 1: probabilities, and perhaps logits.
    static func classes(_ cursor: JSONCursor) throws(Fault) -> [OutputSpecification] {
        try cursor.checkFields("probabilities", "logits")
        return OutputSpecification.classes(
            probabilities: try cursor.required("probabilities").name(), logits: try cursor.optional("logits")?.name())
    }

    /// The field `outputs`.
    static func outputs(_ cursor: JSONCursor, _ limits: Limits) throws(Fault) -> [OutputSpecification] {
        var outputs: [OutputSpecification] = []
        try cursor.checkEnds("outputs")
        for element in try cursor.elements() {
            try element.checkFields("name", "value", "dtype", "shape", "kind", "per")
            outputs.append(
                OutputSpecification(
                    name: try element.required("name").name(), value: try element.required("value").name(),
                    elementType: try element.optional("dtype")?.choice(ElementType.self),
                    extents: try element.optional("shape")?.extents(limits),
                    kind: try element.required("kind").choice(OutputSpecification.Kind.self),
                    per: try element.optional("per")?.choice(OutputSpecification.Rows.self)))
        }
        return outputs
    }
}

extension JSONCursor {
    /// Checks the number of a model's inputs or outputs.
    func checkEnds(_ what: String) throws(Fault) {
        let count = try elements().count
        guard count <= PackageRules.maximumEnds else {
            throw fault(
                .limitExceeded, "there are too many \(what)", found: "\(count)",
                expected: "at most \(PackageRules.maximumEnds)")
        }
    }
}

extension Manifest.SelfTestEntry {
    /// The field `selfTest` of format 1.
    init(decodingFirstFormat cursor: JSONCursor, _ limits: Limits) throws(Fault) {
        try cursor.checkFields("oracle", "tensors", "input", "probabilities", "logits", "tolerance")
        oracle = try cursor.required("oracle").name()
        tensors = try Manifest.entries(cursor.required("tensors"), limits)
        inputs = [(InputSpecification.clipName, try cursor.required("input").name())]
        let tolerance = try cursor.required("tolerance")
        try tolerance.checkFields("probabilities", "logits")
        outputs = [
            Output(
                name: OutputSpecification.probabilitiesName, tensor: try cursor.required("probabilities").name(),
                tolerance: try tolerance.required("probabilities").number())
        ]
        let logits = try cursor.optional("logits")?.name()
        let logitsTolerance = try tolerance.optional("logits")?.number()
        guard (logits == nil) == (logitsTolerance == nil) else {
            throw cursor.fault(
                .missingField, "the tolerance of the logits and the logits go together", expected: "both or neither")
        }
        if let logits, let logitsTolerance {
            outputs.append(Output(name: OutputSpecification.logitsName, tensor: logits, tolerance: logitsTolerance))
        }
        self.cursor = cursor
    }

    /// The field `selfTest`.
    init(decoding cursor: JSONCursor, _ limits: Limits) throws(Fault) {
        try cursor.checkFields("oracle", "tensors", "inputs", "outputs")
        oracle = try cursor.required("oracle").name()
        tensors = try Manifest.entries(cursor.required("tensors"), limits)
        inputs = []
        for (name, tensor) in try cursor.required("inputs").members() { inputs.append((name, try tensor.name())) }
        outputs = []
        for (name, output) in try cursor.required("outputs").members() {
            try output.checkFields("tensor", "tolerance")
            outputs.append(
                Output(
                    name: name, tensor: try output.required("tensor").name(),
                    tolerance: try output.required("tolerance").number()))
        }
        self.cursor = cursor
    }
}
