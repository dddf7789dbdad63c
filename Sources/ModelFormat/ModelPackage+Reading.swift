package import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerGraph

extension ModelPackage {
    /// Reads the package in a folder. Memory for the weights is allocated after the manifest is checked against the
    /// size of their file. Ranges, XXH64 and finiteness of the weights are always checked.
    /// - Parameters:
    ///   - path: the folder with `manifest.json`.
    ///   - verifyHash: whether SHA-256 is checked too, which takes ten times as long.
    ///   - includingSelfTest: whether the self-test's tensors are read; without them `selfTest` is nil.
    ///   - limits: limits on the manifest and on what it describes.
    /// - Throws: the first rule broken, with the file and the line and column, tensor or node.
    package static func read(
        folder path: String, verifyHash: Bool = false, includingSelfTest: Bool = true, limits: Limits = Limits()
    ) throws(Fault) -> ModelPackage {
        let manifestPath = "\(path)/\(Manifest.fileName)"
        let bytes = try InputFile(path: manifestPath, what: "manifest")
            .contents(.manifestBytes, of: limits)
        let manifest: Manifest
        do throws(Fault) {
            manifest = try Manifest(
                decoding: JSONCursor(parsing: bytes, limits: JSONParser.Limits(limits)), limits: limits)
            try manifest.checkProgram()
            try manifest.checkTensorNames()
            _ = try WeightFile.ordered(manifest.tensors, in: manifest.weights)
            if let test = manifest.selfTest, let data = manifest.selfTestData {
                _ = try WeightFile.ordered(test.tensors, in: data)
            }
        } catch {
            throw error.within(manifestPath)
        }
        let tensors = try WeightFile.read(
            manifest.tensors, of: manifest.weights, inFolder: path, verifyHash: verifyHash)
        var testTensors: [String: Tensor]?
        if includingSelfTest, let test = manifest.selfTest, let data = manifest.selfTestData {
            testTensors = try WeightFile.read(test.tensors, of: data, inFolder: path, verifyHash: verifyHash)
        }
        do throws(Fault) {
            var package = try manifest.package(tensors: tensors, testTensors: testTensors)
            package.sourceChecksum = XXH64.hash(bytes)
            return package
        } catch {
            guard error.code == .notFinite else { throw error.within(manifestPath) }
            let isTested = error.place.hasPrefix("selfTest")
            throw error.within("\(path)/\(isTested ? manifest.selfTestData?.name ?? "" : manifest.weights.name)")
        }
    }
}

extension Manifest {
    /// Checks the rules that do not need the elements of tensors, before these are read; the package's initializer
    /// checks all rules.
    fileprivate func checkProgram() throws(Fault) {
        let inputs = inputs.map(\.specification)
        try PackageRules.check(inputs)
        let placeholder = StoredTensor(Tensor([UInt8]()))
        let used = Set(graphs.flatMap(\.tensorNames))
        let named = tensors.filter { used.contains($0.name) }.map { ($0.name, placeholder) }
        let program = try Program(
            graphs: graphs, tensors: Dictionary(named, uniquingKeysWith: { first, _ in first })
        ).validated()
        let main = try PackageRules.mainGraph(program, takes: inputs)
        for (input, taken) in zip(self.inputs, main.inputs) {
            guard let type = input.type else { continue }
            guard type.elementType == taken.elementType, type.extents == taken.extents else {
                throw input.cursor.fault(
                    .shapeMismatch, "the input's type is not that of the graph's input '\(taken.name)'",
                    found: GraphInput(name: "", elementType: type.elementType, extents: type.extents).typeText,
                    expected: taken.typeText)
            }
        }
        try PackageRules.check(outputs, of: main)
    }

    /// Checks that the tensors named by normalization and quantization exist, and that every tensor is used.
    fileprivate func checkTensorNames() throws(Fault) {
        let known = Set(tensors.map(\.name))
        var used = Set<String>()
        func use(_ name: String, _ cursor: JSONCursor) throws(Fault) {
            guard known.contains(name) else {
                throw cursor.fault(.unknownName, "there is no such tensor", found: "'\(JSONPath.shortened(name))'")
            }
            used.insert(name)
        }
        for case let normalization? in inputs.map(\.normalization) {
            try use(normalization.mean, normalization.cursor)
            try use(normalization.standardDeviation, normalization.cursor)
        }
        let operands = Set(graphs.flatMap(\.tensorNames))
        used.formUnion(operands)
        for entry in tensors {
            guard let quantization = entry.quantization else { continue }
            guard operands.contains(entry.name) else {
                throw quantization.cursor.fault(.unusedName, "no node reads the quantized tensor")
            }
            try use(quantization.scale, quantization.cursor)
            if let zeroPoint = quantization.zeroPoint { try use(zeroPoint, quantization.cursor) }
        }
        for entry in tensors where !used.contains(entry.name) {
            throw entry.cursor.fault(.unusedName, "nothing uses the tensor")
        }
        guard let selfTest else { return }
        let named = selfTest.inputs.map(\.tensor) + selfTest.outputs.map(\.tensor)
        let tested = Set(selfTest.tensors.map(\.name))
        for name in named where !tested.contains(name) {
            throw selfTest.cursor.fault(
                .unknownName, "there is no such tensor", found: "'\(JSONPath.shortened(name))'")
        }
        for entry in selfTest.tensors {
            guard named.contains(entry.name) else {
                throw entry.cursor.fault(.unusedName, "nothing uses the tensor")
            }
            if let quantization = entry.quantization {
                throw quantization.cursor.fault(.unknownField, "a self-test's tensor has no quantization")
            }
        }
    }

    fileprivate func package(
        tensors: [String: Tensor], testTensors: [String: Tensor]?
    ) throws(Fault) -> ModelPackage {
        let inputs = inputs.map { entry in
            var input = entry.specification
            if let normalization = entry.normalization, let mean = tensors[normalization.mean],
                let deviation = tensors[normalization.standardDeviation]
            {
                input.description?.normalization = .init(
                    mean: mean, standardDeviation: deviation, epsilon: normalization.epsilon)
            }
            return input
        }
        let used = Set(graphs.flatMap(\.tensorNames))
        var stored: [String: StoredTensor] = [:]
        for entry in self.tensors where used.contains(entry.name) {
            guard let tensor = tensors[entry.name] else { continue }
            stored[entry.name] = StoredTensor(tensor, quantization: try quantization(of: entry, tensors))
        }
        var test: SelfTest?
        if let selfTest, let testTensors {
            test = SelfTest(
                oracle: selfTest.oracle,
                inputs: selfTest.inputs.compactMap { name, tensor in
                    testTensors[tensor].map { .init(name: name, tensor: $0) }
                },
                outputs: selfTest.outputs.compactMap { output in
                    testTensors[output.tensor].map {
                        .init(name: output.name, tensor: $0, tolerance: output.tolerance)
                    }
                })
        }
        return try ModelPackage(
            name: name, license: license, citation: citation, metadata: metadata, producer: producer, inputs: inputs,
            labels: labels, program: Program(graphs: graphs, tensors: stored), outputs: outputs, selfTest: test)
    }

    private func quantization(of entry: TensorEntry, _ tensors: [String: Tensor]) throws(Fault) -> Quantization? {
        guard let quantization = entry.quantization, let scale = tensors[quantization.scale] else { return nil }
        guard let scales = scale.elements(as: Float.self), scale.shape.rank <= 1 else {
            throw quantization.cursor.fault(
                .elementTypeMismatch, "a scale is another tensor",
                found: "\(scale.elementType.rawValue) \(scale.shape)", expected: "float32, a scalar or a vector")
        }
        var zeroPoints = [Int](repeating: 0, count: scales.count)
        if let name = quantization.zeroPoint, let tensor = tensors[name] {
            guard let integers = tensor.elements(as: Int32.self), tensor.shape.rank <= 1 else {
                throw quantization.cursor.fault(
                    .elementTypeMismatch, "a zero point is another tensor",
                    found: "\(tensor.elementType.rawValue) \(tensor.shape)", expected: "int32, a scalar or a vector")
            }
            zeroPoints = integers.map(Int.init)
        }
        return Quantization(scales: scales, zeroPoints: zeroPoints, axis: quantization.axis)
    }
}
