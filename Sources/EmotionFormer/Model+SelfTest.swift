package import EmotionFormerCore
package import EmotionFormerModelFormat

extension Model {
    /// Runs a package's self-test and compares the results with the expected ones. Its runs follow each other: a model
    /// with variables finds them as the run before left them.
    package func run(_ test: SelfTest) throws(Fault) -> EmotionModel.SelfTestResult {
        var largest = [Double](repeating: 0, count: test.outputs.count)
        var state: [UInt8] = []
        for run in 0..<test.runCount {
            var tensors: [String: Tensor] = [:]
            for input in test.inputs { tensors[input.name] = try prepared(input, run: run) }
            let results = try results(of: tensors, state: &state)
            for (index, output) in test.outputs.enumerated() {
                guard let found = results[output.name] else {
                    throw Fault(.unknownName, at: "selfTest: \(output.name)", "the model has no such output")
                }
                largest[index] = max(largest[index], try Model.difference(found, output.tensor, run: run, output.name))
            }
        }
        return EmotionModel.SelfTestResult(
            oracle: test.oracle, clipCount: test.runCount,
            outputs: zip(test.outputs, largest).map { output, difference in
                .init(
                    name: output.name,
                    comparison: .init(largestDifference: Float(difference), tolerance: Float(output.tolerance)))
            })
    }

    /// The input tensor of one of a test's runs: a clip normalized, any other tensor as it is.
    package func prepared(_ test: SelfTest.Input, run: Int) throws(Fault) -> Tensor {
        guard let index = inputs.firstIndex(where: { $0.name == test.name }) else {
            throw Fault(.unknownName, at: "selfTest: \(test.name)", "the model has no such input")
        }
        let row = try test.tensor.run(run)
        guard let description = specifications[index].description else {
            let extents = inputs[index].shape
            return extents.count == row.shape.rank ? row : try row.reshaped(to: Shape([1] + row.shape.extents))
        }
        let isVector = specifications[index].role.name == .vector
        let input = ModelInput(description, isVector: isVector)
        let preparation = try InputPreparation(input, normalizer: Normalizer(description))
        let clip = try LandmarkClip(
            values: row.elements(as: Float.self) ?? [], frameCount: input.frames, featureCount: input.features,
            landmarkCount: nil, name: "self-test clip \(run)")
        let frames = try preparation.frames(of: clip)
        let rows = input.padding.side == .none ? frames.count : input.frames
        let extents = inputs[index].shape.enumerated().map { axis, extent in
            timeAxis(of: index) == axis ? rows : extent ?? 1
        }
        return Tensor(.float32, try Shape(extents)) { bytes in
            preparation.write(clip, frames: frames, rows: rows, to: bytes.bindMemory(to: Float.self))
        }
    }

    /// The largest absolute difference; infinite where a number is NaN.
    private static func difference(
        _ found: Tensor, _ expected: Tensor, run: Int, _ name: String
    ) throws(Fault) -> Double {
        let row = try expected.run(run)
        guard found.shape.elementCount == row.shape.elementCount else {
            throw Fault(
                .shapeMismatch, at: "selfTest: \(name)", "the number of outputs is not the model's",
                found: "\(row.shape)", expected: "\(found.shape)")
        }
        return zip(found.doubles, row.doubles).reduce(0.0) { largest, pair in
            let difference = abs(pair.0 - pair.1)
            return difference.isNaN ? .infinity : max(largest, difference)
        }
    }
}

extension Tensor {
    /// One index of the first axis, which goes.
    package func run(_ index: Int) throws(Fault) -> Tensor {
        guard shape.rank > 0, index >= 0, index < shape[0] else {
            throw Fault(.outOfBounds, at: "tensor", "there is no such run", found: "\(index)", expected: "\(shape)")
        }
        let size = byteCount / shape[0]
        return Tensor(elementType, try Shape(Array(shape.extents.dropFirst()))) { target in
            withUnsafeBytes {
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[index * size..<(index + 1) * size]))
            }
        }
    }
}
