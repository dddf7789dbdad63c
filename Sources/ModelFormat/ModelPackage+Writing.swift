package import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerGraph

extension ModelPackage {
    /// Writes the package as a folder: `manifest.json`, `weights.bin` and, with a self-test, `selftest.bin`.
    ///
    /// The folder is written atomically. An existing folder is replaced if it is a model package or empty; anything
    /// else is refused and left unchanged.
    /// - Throws: `writeFailed`, with nothing left behind.
    package func write(to path: String) throws(Fault) {
        let (target, replaced) = try ModelPackage.outputKind.replaceable(at: path)
        let weights = WeightLayout(of: self)
        var folder = try OutputFolder(beside: target)
        let weightFile = try weights.write("weights.bin", to: &folder)
        var testFile: JSONValue?
        var test: WeightLayout?
        if let selfTest {
            let layout = WeightLayout(of: selfTest)
            testFile = try layout.write("selftest.bin", to: &folder)
            test = layout
        }
        let text = try manifest(weights, weightFile, test, testFile).text()
        try folder.addFile(Manifest.fileName) { append throws(Fault) in
            try text.withAllBytes(append)
        }
        try folder.move(to: target, replacing: replaced)
    }

    /// - Throws: `writeFailed` if the target exists and may not be replaced. Nothing is written.
    package static func checkTarget(_ path: String) throws(Fault) { _ = try outputKind.replaceable(at: path) }

    /// A folder is a package if its manifest says so: a manifest.json alone is not enough, since web apps have one too.
    private static let outputKind = OutputKind("model package") { folder in
        guard
            let bytes = try? InputFile(path: "\(folder)/\(Manifest.fileName)", what: "manifest")
                .contents(limit: JSONParser.Limits().byteCount),
            let root = try? JSONCursor(parsing: bytes), root.node.value["format"] == .string(Manifest.format)
        else { return nil }
        var own: Set = [Manifest.fileName, "weights.bin", "selftest.bin"]
        for field in ["weights", "selfTestData"] {
            if case .string(let name)? = root.node.value[field]?["file"], !name.contains("/") { own.insert(name) }
        }
        return { [own] name in own.contains(name) }
    }

    private func manifest(
        _ weights: WeightLayout, _ weightFile: JSONValue, _ test: WeightLayout?, _ testFile: JSONValue?
    ) -> JSONValue {
        .object(
            fields: [
                ("format", .string(Manifest.format)), ("formatVersion", .integer(Manifest.formatVersion)),
                ("name", .string(name)), ("license", license.map(JSONValue.string)),
                ("citation", citation.map(JSONValue.string)), ("metadata", metadata), ("producer", producer.json),
                ("weights", weightFile), ("selfTestData", testFile),
                ("inputs", .array(zip(inputs, main?.inputs ?? []).map { $0.json(of: $1, weights) })),
                ("labels", labels.map { .array($0.map(JSONValue.string)) }), ("tensors", weights.json),
                ("graphs", .array(program.graphs.map(\.json))),
                ("outputs", .array(outputs.map(\.json))),
                ("selfTest", selfTest.flatMap { selfTest in test.map { selfTest.json($0) } }),
            ])
    }
}

extension JSONValue {
    /// An object without the members that have no value.
    static func object(fields: [(String, JSONValue?)]) -> JSONValue {
        .object(fields.compactMap { name, value in value.map { Member(name, $0) } })
    }
}

extension String {
    fileprivate func withAllBytes(_ body: (UnsafeRawBufferPointer) throws(Fault) -> Void) throws(Fault) {
        try Array(utf8).withUnsafeBytes { bytes in Result { () throws(Fault) in try body(bytes) } }.get()
    }
}

extension ModelPackage.Producer {
    fileprivate var json: JSONValue {
        [
            "tool": .string(tool), "version": .string(version),
            "sources": .array(sources.map { ["name": .string($0.name), "sha256": .string($0.sha256)] }),
        ]
    }
}

extension InputSpecification {
    /// An element of the field `inputs`.
    fileprivate func json(of input: GraphInput, _ weights: WeightLayout) -> JSONValue {
        var fields: [(String, JSONValue?)] = [
            ("name", .string(name)), ("value", .string(value)), ("dtype", .string(input.elementType.rawValue)),
            ("shape", .extents(input.extents)), ("role", .string(role.name.rawValue)),
        ]
        let statistics = weights.statistics[name]
        switch role {
        case .clip(let description): fields += description.clipFields(statistics)
        case .vector(let description): fields += description.frameFields(statistics)
        case .image(let image):
            fields.append(("range", image.range.map { [.number($0.lowerBound), .number($0.upperBound)] }))
        case .tensor: break
        }
        return .object(fields: fields)
    }
}

extension InputDescription {
    /// What a single frame needs.
    fileprivate func frameFields(
        _ statistics: (mean: String, standardDeviation: String)?
    ) -> [(String, JSONValue?)] {
        [
            ("features", .integer(features)), ("layout", .string(layout.rawValue)),
            (
                "normalization",
                normalization.flatMap { normalization in
                    statistics.map {
                        [
                            "mean": .string($0.mean), "standardDeviation": .string($0.standardDeviation),
                            "epsilon": .number(normalization.epsilon),
                        ]
                    }
                }
            ), ("missingValue", missingValue == .refuse ? nil : .string(missingValue.rawValue)),
        ]
    }

    fileprivate func clipFields(
        _ statistics: (mean: String, standardDeviation: String)?
    ) -> [(String, JSONValue?)] {
        [
            ("frames", .integer(frames)),
            ("frameShape", frameShape == [features] ? nil : .array(frameShape.map(JSONValue.integer))),
        ] + frameFields(statistics) + [
            (
                "padding",
                [
                    "value": .number(padding.value), "side": .string(padding.side.rawValue),
                    "order": .string(padding.order.rawValue),
                ]
            ), ("truncation", .string(truncation.rawValue)), ("missingFrame", .string(missingFrame.rawValue)),
        ]
    }
}

extension OutputSpecification {
    /// An element of the field `outputs`.
    fileprivate var json: JSONValue {
        .object(
            fields: [
                ("name", .string(name)), ("value", .string(value)),
                ("dtype", elementType.map { .string($0.rawValue) }), ("shape", extents.map(JSONValue.extents)),
                ("kind", .string(kind.rawValue)), ("per", per.map { .string($0.rawValue) }),
            ])
    }
}

extension SelfTest {
    fileprivate func json(_ layout: WeightLayout) -> JSONValue {
        let names = layout.testNames
        return .object(
            fields: [
                ("oracle", .string(oracle)), ("tensors", layout.json),
                ("inputs", .object(fields: zip(inputs, names).map { ($0.name, .string($1)) })),
                (
                    "outputs",
                    .object(
                        fields: zip(outputs, names.dropFirst(inputs.count)).map {
                            ($0.name, ["tensor": .string($1), "tolerance": .number($0.tolerance)])
                        })
                ),
            ])
    }
}
