import EmotionFormerFiles
import EmotionFormerGraph
import EmotionFormerTensors

extension Manifest {
    /// - Throws: the first violation of the format, with line, column and path.
    init(decoding root: JSONCursor, limits: Limits) throws(Fault) {
        try Manifest.checkFormat(root)
        try root.checkFields(
            "format", "formatVersion", "name", "license", "citation", "metadata", "producer", "weights",
            "selfTestData", "input", "labels", "tensors", "graphs", "outputs", "selfTest")
        name = try root.required("name").name()
        license = try root.optional("license")?.string()
        citation = try root.optional("citation")?.string()
        metadata = try root.optional("metadata")?.object()
        producer = try Manifest.producer(root.required("producer"))
        weights = try BinaryFile(decoding: root.required("weights"), limits)
        selfTestData = try root.optional("selfTestData").map { cursor throws(Fault) in
            try BinaryFile(decoding: cursor, limits)
        }
        if let selfTestData, selfTestData.name == weights.name {
            throw selfTestData.cursor.fault(
                .duplicateName, "the self-test stands in the weight file", found: "'\(weights.name)'")
        }
        (input, normalization) = try Manifest.input(root.required("input"))
        labels = try root.optional("labels").map { cursor throws(Fault) in try cursor.strings() }
        tensors = try Manifest.entries(root.required("tensors"), limits)
        graphs = try Manifest.graphs(root.required("graphs"), limits)
        outputs = try Manifest.outputs(root.required("outputs"))
        selfTest = try root.optional("selfTest").map { cursor throws(Fault) in
            try SelfTestEntry(decoding: cursor, limits)
        }
        guard (selfTest == nil) == (selfTestData == nil) else {
            throw root.fault(
                .missingField, "a self-test and its data go together",
                expected: selfTest == nil ? "'selfTest'" : "'selfTestData'")
        }
    }

    /// The version is checked first, because another version may have other fields.
    private static func checkFormat(_ root: JSONCursor) throws(Fault) {
        let format = try root.required("format")
        guard try format.string() == Manifest.format else {
            throw format.fault(
                .invalidValue, "the file is not a manifest of a model package",
                found: "'\(JSONPath.shortened(try format.string()))'", expected: "'\(Manifest.format)'")
        }
        let version = try root.required("formatVersion")
        guard try version.integer() == Manifest.formatVersion else {
            throw version.fault(
                .unsupportedVersion, "the format version is not supported", found: "\(try version.integer())",
                expected: "\(Manifest.formatVersion)")
        }
    }

    private static func producer(_ cursor: JSONCursor) throws(Fault) -> ModelPackage.Producer {
        try cursor.checkFields("tool", "version", "sources")
        var producer = ModelPackage.Producer(
            tool: try cursor.required("tool").string(), version: try cursor.required("version").string())
        for source in try cursor.optional("sources")?.elements() ?? [] {
            try source.checkFields("name", "sha256")
            producer.sources.append(
                .init(
                    name: try source.required("name").string(),
                    sha256: try source.required("sha256").hexadecimal(count: 64)))
        }
        return producer
    }

    private static func input(_ cursor: JSONCursor) throws(Fault) -> (InputDescription, Normalization?) {
        try cursor.checkFields(
            "frames", "features", "layout", "normalization", "padding", "truncation", "missingFrame", "missingValue")
        let padding = try cursor.required("padding")
        try padding.checkFields("value", "side", "order")
        let input = InputDescription(
            frames: try cursor.required("frames").integer(), features: try cursor.required("features").integer(),
            layout: try cursor.required("layout").choice(LandmarkLayout.self),
            padding: .init(
                value: try padding.required("value").number(),
                side: try padding.required("side").choice(InputDescription.Padding.Side.self),
                order: try padding.required("order").choice(InputDescription.Padding.Order.self)),
            truncation: try cursor.required("truncation").choice(InputDescription.Truncation.self),
            missingFrame: try cursor.required("missingFrame").choice(InputDescription.MissingFrame.self),
            missingValue: try cursor.optional("missingValue")?.choice(InputDescription.MissingValue.self) ?? .refuse)
        guard let normalization = try cursor.optional("normalization") else { return (input, nil) }
        try normalization.checkFields("mean", "standardDeviation", "epsilon")
        return (
            input,
            Normalization(
                mean: try normalization.required("mean").name(),
                standardDeviation: try normalization.required("standardDeviation").name(),
                epsilon: try normalization.optional("epsilon")?.number() ?? 0, cursor: normalization)
        )
    }

    private static func outputs(_ cursor: JSONCursor) throws(Fault) -> ModelPackage.Outputs {
        try cursor.checkFields("probabilities", "logits")
        return ModelPackage.Outputs(
            probabilities: try cursor.required("probabilities").name(), logits: try cursor.optional("logits")?.name())
    }

    fileprivate static func entries(_ cursor: JSONCursor, _ limits: Limits) throws(Fault) -> [TensorEntry] {
        var entries: [TensorEntry] = []
        let members = try cursor.members()
        try limits.check(.tensors, members.count, at: cursor.place, "there are too many tensors")
        for (name, value) in members {
            guard !name.isEmpty else { throw value.fault(.invalidValue, "a tensor has an empty name") }
            entries.append(try TensorEntry(decoding: value, name: name, limits))
        }
        return entries
    }
}

extension Manifest.BinaryFile {
    fileprivate init(decoding cursor: JSONCursor, _ limits: Limits) throws(Fault) {
        try cursor.checkFields("file", "byteCount", "xxh64", "sha256")
        let file = try cursor.required("file")
        name = try file.string()
        let isBare =
            !name.isEmpty && name != "." && name != ".."
            && !name.unicodeScalars.contains { $0 == "/" || $0 == "\\" || $0 == ":" || $0.value < 0x20 }
        guard isBare, name != Manifest.fileName else {
            throw file.fault(
                .invalidValue, "the file name is not a bare name", found: "'\(JSONPath.shortened(name))'",
                expected: "a name without folders, such as 'weights.bin'")
        }
        let size = try cursor.required("byteCount")
        byteCount = try size.count()
        try limits.check(
            .fileBytes, byteCount, at: size.place, "the file is too long", found: "\(byteCount) bytes")
        xxh64 = try cursor.required("xxh64").hexadecimal(count: 16)
        sha256 = try cursor.required("sha256").hexadecimal(count: 64)
        self.cursor = cursor
    }
}

extension Manifest.SelfTestEntry {
    fileprivate init(decoding cursor: JSONCursor, _ limits: Limits) throws(Fault) {
        try cursor.checkFields("oracle", "tensors", "input", "probabilities", "logits", "tolerance")
        oracle = try cursor.required("oracle").name()
        tensors = try Manifest.entries(cursor.required("tensors"), limits)
        input = try cursor.required("input").name()
        probabilities = try cursor.required("probabilities").name()
        logits = try cursor.optional("logits")?.name()
        let tolerance = try cursor.required("tolerance")
        try tolerance.checkFields("probabilities", "logits")
        self.tolerance = SelfTest.Tolerance(
            probabilities: try tolerance.required("probabilities").number(),
            logits: try tolerance.optional("logits")?.number())
        self.cursor = cursor
    }
}

extension TensorEntry {
    fileprivate init(decoding cursor: JSONCursor, name: String, _ limits: Limits) throws(Fault) {
        try cursor.checkFields("dtype", "shape", "offset", "byteCount", "quantization")
        self.name = name
        self.cursor = cursor
        elementType = try cursor.required("dtype").choice(ElementType.self)
        shape = try cursor.required("shape").shape(limits)
        let offsetCursor = try cursor.required("offset")
        offset = try offsetCursor.count()
        guard offset.isMultiple(of: WeightFile.alignment) else {
            throw offsetCursor.fault(
                .invalidValue, "the tensor is not aligned", found: "\(offset)",
                expected: "a multiple of \(WeightFile.alignment)")
        }
        let countCursor = try cursor.required("byteCount")
        byteCount = try countCursor.count()
        // The product cannot overflow: a shape has at most 2⁴⁸ elements.
        let needed = shape.elementCount * elementType.byteCount
        guard byteCount == needed else {
            throw countCursor.fault(
                .sizeMismatch, "the byte count is not that of \(elementType.rawValue) \(shape)",
                found: "\(byteCount)", expected: "\(needed)")
        }
        quantization = try cursor.optional("quantization").map { cursor throws(Fault) in
            try cursor.checkFields("scale", "zeroPoint", "axis")
            return QuantizationEntry(
                scale: try cursor.required("scale").name(), zeroPoint: try cursor.optional("zeroPoint")?.name(),
                axis: try cursor.optional("axis")?.count(), cursor: cursor)
        }
    }
}

extension JSONCursor {
    func strings() throws(Fault) -> [String] {
        var strings: [String] = []
        for element in try elements() { strings.append(try element.string()) }
        return strings
    }

    /// Any object, as it is.
    fileprivate func object() throws(Fault) -> JSONValue {
        _ = try members()
        return node.value
    }

    fileprivate func hexadecimal(count: Int) throws(Fault) -> String {
        let text = try string()
        guard PackageRules.isHexadecimal(text, count: count) else {
            throw fault(
                .invalidValue, "the value is not a checksum", found: "'\(JSONPath.shortened(text))'",
                expected: "\(count) lower-case hexadecimal digits")
        }
        return text
    }

    fileprivate func shape(_ limits: Limits) throws(Fault) -> Shape {
        let elements = try elements()
        try limits.check(.rank, elements.count, at: place, "the shape has too many axes")
        var extents: [Int] = []
        for element in elements { extents.append(try element.count()) }
        do throws(Fault) {
            return try Shape(extents)
        } catch {
            throw fault(error.code, error.problem, found: "\(extents)", expected: error.expected)
        }
    }
}
