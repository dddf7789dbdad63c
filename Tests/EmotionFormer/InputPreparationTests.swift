import EmotionFormer
import EmotionFormerCore
import Testing

@Suite("From a clip to a model's input")
struct InputPreparationTests {

    private func landmarks(_ frames: Int) throws -> LandmarkClip {
        try LandmarkClip(
            (0..<frames).map { frame in
                let base = Float(frame * 10)
                return [SIMD3(base + 1, base + 2, base + 3), SIMD3(base + 4, base + 5, base + 6)]
            })
    }

    private func features(_ values: [Float], missing: [Int] = []) throws -> LandmarkClip {
        let marked = values.enumerated().map { missing.contains($0.offset) ? Float.nan : $0.element }
        return try LandmarkClip(features: marked, frameCount: values.count, featureCount: 1)
    }

    private func prepared(
        _ clip: LandmarkClip, _ input: ModelInput, normalizer: Normalizer? = nil
    ) throws -> [Float] {
        let preparation = InputPreparation(input, normalizer: normalizer)
        let frames = try preparation.frames(of: clip)
        let rows = input.padding.side == .none ? frames.count : input.frames
        return [Float](unsafeUninitializedCapacity: rows * input.features) { buffer, count in
            preparation.write(
                clip, frames: frames, rows: rows,
                to: UnsafeMutableBufferPointer(rebasing: buffer[0..<rows * input.features]))
            count = rows * input.features
        }
    }

    @Test(
        "Each layout takes a landmark's coordinates to their places",
        arguments: [
            (ModelInput.Layout.raw, [1, 2, 3, 4, 5, 6]), (.xyzInterleaved, [1, 2, 3, 4, 5, 6]),
            (.xyzPlanar, [1, 4, 2, 5, 3, 6]), (.x, [1, 4]), (.y, [2, 5]), (.z, [3, 6]),
        ] as [(ModelInput.Layout, [Float])])
    func layouts(layout: ModelInput.Layout, expected: [Float]) throws {
        let input = ModelInput(frames: 1, features: expected.count, layout: layout)
        #expect(try prepared(landmarks(1), input) == expected)
        // Raw features of the right number are taken to be laid out already.
        let raw = try LandmarkClip(features: expected, frameCount: 1, featureCount: expected.count)
        #expect(try prepared(raw, input) == expected)
    }

    @Test("A wrong number of features is refused with both numbers")
    func featureCount() throws {
        let clip = try LandmarkClip(features: [Float](repeating: 0, count: 1434), frameCount: 1, featureCount: 1434)
        let mismatch = try #require(fault(clip, ModelInput(frames: 300, features: 478, layout: .x)))
        #expect(mismatch.code == .featureCountMismatch)
        #expect(mismatch.found == "1434")
        #expect(mismatch.expected == "478")
        #expect(try fault(landmarks(1), ModelInput(frames: 1, features: 3, layout: .x))?.found == "2")
        #expect(try fault(landmarks(1), ModelInput(frames: 1, features: 2))?.code == .layoutMismatch)
    }

    @Test(
        "Shorter clips are padded on the side that the model says",
        arguments: [(ModelInput.Padding.Side.end, [1, 2, 9, 9]), (.start, [9, 9, 1, 2]), (.none, [1, 2])]
            as [(ModelInput.Padding.Side, [Float])])
    func padding(side: ModelInput.Padding.Side, expected: [Float]) throws {
        let padding = ModelInput.Padding(value: 9, side: side, order: .beforeNormalization)
        #expect(try prepared(features([1, 2]), ModelInput(frames: 4, features: 1, padding: padding)) == expected)
    }

    @Test(
        "Longer clips lose the frames that the model says",
        arguments: [
            (ModelInput.Truncation.end, [0, 1, 2]), (.start, [4, 5, 6]), (.uniform, [0, 3, 6]),
        ] as [(ModelInput.Truncation, [Float])])
    func truncation(rule: ModelInput.Truncation, expected: [Float]) throws {
        let input = ModelInput(frames: 3, features: 1, truncation: rule)
        #expect(try prepared(features([0, 1, 2, 3, 4, 5, 6]), input) == expected)
        #expect(try prepared(features([7, 8, 9]), input) == [7, 8, 9])
        #expect(try prepared(features([1, 2]), ModelInput(frames: 1, features: 1, truncation: rule)).count == 1)
    }

    @Test(
        "Frames without a face are dropped, zero, or repeat the one before",
        arguments: [
            (ModelInput.MissingFrame.drop, [2, 4, 9, 9, 9]), (.zeros, [0, 2, 0, 4, 0]),
            (.repeatPrevious, [2, 2, 2, 4, 4]),
        ] as [(ModelInput.MissingFrame, [Float])])
    func missingFrames(rule: ModelInput.MissingFrame, expected: [Float]) throws {
        let padding = ModelInput.Padding(value: 9, side: .end, order: .beforeNormalization)
        let input = ModelInput(frames: 5, features: 1, padding: padding, missingFrame: rule)
        #expect(try prepared(features([1, 2, 3, 4, 5], missing: [0, 2, 4]), input) == expected)
        #expect(try fault(features([1, 2], missing: [0, 1]), input)?.code == .emptyClip)
    }

    @Test(
        "A missing value in a frame that has others is refused, is zero before normalization, or stays NaN",
        arguments: [
            (ModelInput.Layout.raw, [0, 1, 2, 3, 4, 5], [10, 1, 2, 3, 10, 5]),
            (.xyzPlanar, [0, 3, 1, 4, 2, 5], [10, 3, 1, 10, 2, 5]), (.x, [0, 3], [10, 3]), (.y, [1, 4], [1, 10]),
            (.z, [2, 5], [2, 5]),
        ] as [(ModelInput.Layout, [Float], [Float])])
    func missingValues(layout: ModelInput.Layout, values: [Float], places: [Float]) throws {
        // The values of the frame are their own places; those at 0 and 4 are missing.
        let frame: [SIMD3<Float>] = [SIMD3(.nan, 1, 2), SIMD3(3, .nan, 5)]
        let clip = try LandmarkClip([[SIMD3(repeating: .nan), SIMD3(repeating: .nan)], frame])
        #expect(clip.missingFrames == [0])
        let normalizer = try Normalizer(
            mean: Tensor([1] as [Float]), standardDeviation: Tensor([2] as [Float]), epsilon: 0, frames: 1,
            features: values.count)
        func input(_ rule: ModelInput.MissingValue) -> ModelInput {
            ModelInput(frames: 1, features: values.count, layout: layout, missingValue: rule)
        }
        let zeros = try prepared(clip, input(.zeros), normalizer: normalizer)
        #expect(zeros == places.map { ($0 == 10 ? 0 : $0) / 2 - 0.5 })
        let kept = try prepared(clip, input(.keep), normalizer: normalizer)
        for (value, place) in zip(kept, places) { #expect(place == 10 ? value.isNaN : value == place / 2 - 0.5) }
        let refused = fault(clip, input(.refuse))
        let isTaken = !places.contains(10)
        #expect(isTaken ? refused == nil : refused?.code == .notFinite, "\(String(describing: refused))")
        #expect(isTaken || refused?.place == "frame 1, feature \(layout == .y ? 4 : 0)")
        #expect(isTaken || refused?.problem.contains("\(Parameter.missingValue)") == true)
    }

    @Test("Normalization is (x − mean) / (std + epsilon) in 32-bit floats, before or after padding")
    func normalization() throws {
        let normalizer = try Normalizer(
            mean: Tensor([0.1] as [Float]), standardDeviation: Tensor([0.3] as [Float]), epsilon: 1e-3, frames: 3,
            features: 1)
        let one = (Float(1) - 0.1) / (Float(0.3) + 1e-3)
        let nine = (Float(9) - 0.1) / (Float(0.3) + 1e-3)
        let before = ModelInput.Padding(value: 9, side: .end, order: .beforeNormalization)
        let after = ModelInput.Padding(value: 9, side: .end, order: .afterNormalization)
        let clip = try features([1])
        #expect(
            try prepared(clip, ModelInput(frames: 2, features: 1, padding: before), normalizer: normalizer) == [
                one, nine,
            ])
        #expect(
            try prepared(clip, ModelInput(frames: 2, features: 1, padding: after), normalizer: normalizer) == [one, 9])
    }

    @Test(
        "Statistics broadcast as in NumPy",
        arguments: [
            ([], [1], [-1, 0, 1, 2]), ([2], [1, 2], [-1, -1, 1, 1]), ([1, 2], [1, 2], [-1, -1, 1, 1]),
            ([2, 2], [1, 2, 3, 4], [-1, -1, -1, -1]), ([1, 1, 2], [1, 2], [-1, -1, 1, 1]),
            ([2, 1], [1, 2], [-1, 0, 0, 1]),
        ] as [([Int], [Float], [Float])])
    func broadcasting(shape: [Int], mean: [Float], expected: [Float]) throws {
        let normalizer = try Normalizer(
            mean: Tensor(mean, shape: Shape(shape)), standardDeviation: Tensor(scalar: Float(1)), epsilon: 0, frames: 2,
            features: 2)
        let clip = try LandmarkClip(features: [0, 1, 2, 3], frameCount: 2, featureCount: 2)
        #expect(try prepared(clip, ModelInput(frames: 2, features: 2), normalizer: normalizer) == expected)
    }

    @Test("A deviation for each frame divides that frame, also beside one mean for all", arguments: [[2, 1], [2, 2]])
    func deviations(shape: [Int]) throws {
        let numbers: [Float] = shape[1] == 1 ? [1, 2] : [1, 1, 2, 2]
        let normalizer = try Normalizer(
            mean: Tensor(scalar: Float(0)), standardDeviation: Tensor(numbers, shape: Shape(shape)), epsilon: 0,
            frames: 2, features: 2)
        let clip = try LandmarkClip(features: [8, 8, 8, 8], frameCount: 2, featureCount: 2)
        #expect(try prepared(clip, ModelInput(frames: 2, features: 2), normalizer: normalizer) == [8, 8, 4, 4])
    }

    @Test("Statistics that do not fit, are not finite or divide by zero are refused")
    func badStatistics() throws {
        let one = Tensor(scalar: Float(1))
        func code(_ mean: Tensor, _ deviation: Tensor, epsilon: Double = 0) -> Fault.Code? {
            do throws(Fault) {
                _ = try Normalizer(mean: mean, standardDeviation: deviation, epsilon: epsilon, frames: 2, features: 2)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code(Tensor([1, 2, 3] as [Float]), one) == .shapeMismatch)
        #expect(code(Tensor([1, .nan] as [Float]), one) == .notFinite)
        #expect(code(one, Tensor([1, 0] as [Float])) == .invalidValue)
        #expect(code(one, Tensor([1, 0] as [Float]), epsilon: 1e-6) == nil)
    }

    private func fault(_ clip: LandmarkClip, _ input: ModelInput) -> Fault? {
        do throws(Fault) {
            _ = try InputPreparation(input, normalizer: nil).frames(of: clip)
            return nil
        } catch {
            return error
        }
    }
}
