import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerGraph

/// The layout of tensors in a file to be written.
struct WeightLayout {
    private struct Item {
        var name: String
        var tensor: Tensor
        var offset: Int
        var quantization: JSONValue?
    }

    private var items: [Item] = []
    private var names: Set<String>
    private var end = 0
    /// The names of the tensors of means and standard deviations, for each input with normalization.
    private(set) var statistics: [String: (mean: String, standardDeviation: String)] = [:]
    /// The names of a self-test's tensors, inputs first.
    private(set) var testNames: [String] = []

    /// The tensors of the normalization, then those of the program in the order in which its nodes and variables use
    /// them.
    init(of package: ModelPackage) {
        let program = package.program
        names = Set(program.tensors.keys)
        for input in package.inputs {
            guard let normalization = input.description?.normalization else { continue }
            let place = package.inputs.count == 1 ? "normalization" : "normalization.\(input.name)"
            let mean = append(normalization.mean, wanting: "\(place).mean")
            statistics[input.name] = (
                mean, append(normalization.standardDeviation, wanting: "\(place).standardDeviation")
            )
        }
        var written = Set<String>()
        for graph in program.graphs {
            for node in graph.nodes {
                for role in node.operation.specification.weights {
                    guard let name = node.weights[role.name], let stored = program.tensors[name],
                        written.insert(name).inserted
                    else { continue }
                    append(stored, name)
                }
            }
            for variable in graph.variables {
                guard let stored = program.tensors[variable.initial], written.insert(variable.initial).inserted else {
                    continue
                }
                append(stored, variable.initial)
            }
        }
    }

    init(of test: SelfTest) {
        names = []
        for input in test.inputs { testNames.append(append(input.tensor, wanting: input.name)) }
        for output in test.outputs { testNames.append(append(output.tensor, wanting: output.name)) }
    }

    private mutating func append(_ stored: StoredTensor, _ name: String) {
        let index = items.count
        place(Item(name: name, tensor: stored.tensor, offset: 0))
        guard let quantization = stored.quantization else { return }
        func tensor<Element: TensorElement>(_ elements: [Element]) -> Tensor {
            quantization.axis == nil && elements.count == 1 ? Tensor(scalar: elements[0]) : Tensor(elements)
        }
        let scale = append(tensor(quantization.scales), wanting: "\(name).scale")
        var zeroPoint: String?
        if quantization.zeroPoints.contains(where: { $0 != 0 }) {
            // The package's rules keep zero points in the range of an int32.
            let integers = quantization.zeroPoints.map { Int32(truncatingIfNeeded: $0) }
            zeroPoint = append(tensor(integers), wanting: "\(name).zeroPoint")
        }
        items[index].quantization = .object(
            fields: [
                ("scale", .string(scale)), ("zeroPoint", zeroPoint.map(JSONValue.string)),
                ("axis", quantization.axis.map(JSONValue.integer)),
            ])
    }

    /// - Returns: the name of the tensor: the one wanted, or a unique one made from it.
    private mutating func append(_ tensor: Tensor, wanting wanted: String) -> String {
        var name = wanted
        var suffix = 2
        while !names.insert(name).inserted {
            name = "\(wanted).\(suffix)"
            suffix += 1
        }
        place(Item(name: name, tensor: tensor, offset: 0))
        return name
    }

    private mutating func place(_ item: Item) {
        var item = item
        item.offset = WeightFile.aligned(end) ?? end
        end = item.offset + item.tensor.byteCount
        items.append(item)
    }

    /// The field `tensors`.
    var json: JSONValue {
        .object(
            fields: items.map { item in
                (
                    item.name,
                    .object(
                        fields: [
                            ("dtype", .string(item.tensor.elementType.rawValue)),
                            ("shape", .array(item.tensor.shape.extents.map(JSONValue.integer))),
                            ("offset", .integer(item.offset)), ("byteCount", .integer(item.tensor.byteCount)),
                            ("quantization", item.quantization),
                        ])
                )
            })
    }

    /// Writes the file and returns its description for the manifest.
    func write(_ name: String, to folder: inout OutputFolder) throws(Fault) -> JSONValue {
        var digest = Digest(withSHA256: true)
        let padding = Tensor(.uint8, Shape(unchecked: [WeightFile.alignment])) { _ in }
        try folder.addFile(name) { append throws(Fault) in
            var position = 0
            for item in items {
                try padding.withUnsafeBytes { zeros throws(Fault) in
                    let gap = UnsafeRawBufferPointer(rebasing: zeros.prefix(item.offset - position))
                    digest.update(gap)
                    try append(gap)
                }
                try item.tensor.withUnsafeBytes { bytes throws(Fault) in
                    digest.update(bytes)
                    try append(bytes)
                }
                position = item.offset + item.tensor.byteCount
            }
        }
        return [
            "file": .string(name), "byteCount": .integer(end), "xxh64": .string(digest.xxh64.hexadecimalValue),
            "sha256": .string(digest.sha256?.hexadecimalValue ?? ""),
        ]
    }
}
