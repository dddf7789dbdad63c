import EmotionFormerFiles
import EmotionFormerGraph
package import EmotionFormerTensors

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
        try PackageRules.check(input)
        let placeholder = StoredTensor(Tensor([UInt8]()))
        let used = Set(graphs.flatMap { $0.nodes.flatMap { Array($0.weights.values) } })
        let named = tensors.filter { used.contains($0.name) }.map { ($0.name, placeholder) }
        let program = try Program(
            graphs: graphs, tensors: Dictionary(named, uniquingKeysWith: { first, _ in first })
        ).validated()
        try PackageRules.check(outputs, of: PackageRules.mainGraph(program, takes: input))
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
        if let normalization {
            try use(normalization.mean, normalization.cursor)
            try use(normalization.standardDeviation, normalization.cursor)
        }
        let operands = Set(graphs.flatMap { $0.nodes.flatMap { Array($0.weights.values) } })
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
        let named = [selfTest.input, selfTest.probabilities] + (selfTest.logits.map { [$0] } ?? [])
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
        var input = input
        if let normalization, let mean = tensors[normalization.mean],
            let deviation = tensors[normalization.standardDeviation]
        {
            input.normalization = .init(
                mean: mean, standardDeviation: deviation, epsilon: normalization.epsilon)
        }
        let used = Set(graphs.flatMap { $0.nodes.flatMap { Array($0.weights.values) } })
        var stored: [String: StoredTensor] = [:]
        for entry in self.tensors where used.contains(entry.name) {
            guard let tensor = tensors[entry.name] else { continue }
            stored[entry.name] = StoredTensor(tensor, quantization: try quantization(of: entry, tensors))
        }
        var test: SelfTest?
        if let selfTest, let testTensors, let clips = testTensors[selfTest.input],
            let probabilities = testTensors[selfTest.probabilities]
        {
            test = SelfTest(
                oracle: selfTest.oracle, input: clips, probabilities: probabilities,
                logits: selfTest.logits.flatMap { testTensors[$0] }, tolerance: selfTest.tolerance)
        }
        return try ModelPackage(
            name: name, license: license, citation: citation, metadata: metadata, producer: producer, input: input,
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
