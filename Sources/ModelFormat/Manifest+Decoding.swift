import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerGraph

extension Manifest {
    /// - Throws: the first violation of the format, with line, column and path.
    init(decoding root: JSONCursor, limits: Limits) throws(Fault) {
        let version = try Manifest.checkFormat(root)
        let inputField = version == 1 ? "input" : "inputs"
        try root.checkFields(
            "format", "formatVersion", "name", "license", "citation", "metadata", "producer", "weights",
            "selfTestData", inputField, "labels", "tensors", "graphs", "outputs", "selfTest")
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
        let input = try root.required(inputField)
        inputs = version == 1 ? [try Manifest.clip(input)] : try Manifest.inputs(input, limits)
        labels = try root.optional("labels").map { cursor throws(Fault) in try cursor.strings() }
        tensors = try Manifest.entries(root.required("tensors"), limits)
        graphs = try Manifest.graphs(root.required("graphs"), limits)
        if version == 1, let main = graphs.first, let taken = main.inputs.first {
            inputs[0].specification.value = taken.name
        }
        let output = try root.required("outputs")
        outputs = version == 1 ? try Manifest.classes(output) : try Manifest.outputs(output, limits)
        selfTest = try root.optional("selfTest").map { cursor throws(Fault) in
            version == 1
                ? try SelfTestEntry(decodingFirstFormat: cursor, limits) : try SelfTestEntry(decoding: cursor, limits)
        }
        guard (selfTest == nil) == (selfTestData == nil) else {
            throw root.fault(
                .missingField, "a self-test and its data go together",
                expected: selfTest == nil ? "'selfTest'" : "'selfTestData'")
        }
    }

    /// The version is checked first, because another version may have other fields.
    private static func checkFormat(_ root: JSONCursor) throws(Fault) -> Int {
        let format = try root.required("format")
        guard try format.string() == Manifest.format else {
            throw format.fault(
                .invalidValue, "the file is not a manifest of a model package",
                found: "'\(JSONPath.shortened(try format.string()))'", expected: "'\(Manifest.format)'")
        }
        let cursor = try root.required("formatVersion")
        let version = try cursor.integer()
        guard Manifest.formatVersions.contains(version) else {
            throw cursor.fault(
                .unsupportedVersion, "the format version is not supported", found: "\(version)",
                expected: Manifest.formatVersions.map { "\($0)" }.joined(separator: " or "))
        }
        return version
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

    static func entries(_ cursor: JSONCursor, _ limits: Limits) throws(Fault) -> [TensorEntry] {
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

    /// Extents, null where one is open.
    func extents(_ limits: Limits) throws(Fault) -> [Int?] {
        let elements = try elements()
        try limits.check(.rank, elements.count, at: place, "the shape has too many axes")
        var extents: [Int?] = []
        for element in elements { extents.append(element.isNull ? nil : try element.count()) }
        return extents
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
