import EmotionFormer
import EmotionFormerCore
import EmotionFormerModelFormat
import EmotionFormerTestSupport
import Foundation
import Testing

@Suite("Streams of frames")
struct EmotionStreamTests {
    /// Frames × features, NaN throughout where a face is missing.
    private func clip(_ count: Int, missing: Set<Int> = [], landmarks: Bool = false) throws -> LandmarkClip {
        var random = SplitMix(state: 5)
        let rows = (0..<count).map { _ in (0..<StreamModel.features).map { _ in random.next() } }
        if landmarks {
            return try LandmarkClip(
                rows.enumerated().map { frame, row in
                    missing.contains(frame)
                        ? []
                        : stride(from: 0, to: row.count, by: 3).map { SIMD3(row[$0], row[$0 + 1], row[$0 + 2]) }
                })
        }
        return try LandmarkClip(
            features: rows.enumerated().flatMap { frame, row in
                missing.contains(frame) ? row.map { _ in .nan } : row
            }, frameCount: count, featureCount: StreamModel.features)
    }

    private func part(_ clip: LandmarkClip, _ frames: Range<Int>) throws -> LandmarkClip {
        let width = clip.featureCount
        let values = Array(clip.values[frames.lowerBound * width..<frames.upperBound * width])
        guard clip.landmarkCount != nil else {
            return try LandmarkClip(features: values, frameCount: frames.count, featureCount: width)
        }
        return try LandmarkClip(
            (0..<frames.count).map { frame in
                let row = values[frame * width..<(frame + 1) * width]
                if row.allSatisfy(\.isNaN) { return [] }
                return stride(from: row.startIndex, to: row.endIndex, by: 3).map {
                    SIMD3(row[$0], row[$0 + 1], row[$0 + 2])
                }
            })
    }

    /// Puts a clip through a stream and compares each prediction with that of the window as a clip: to the bit, but on
    /// the portable level, where a BLAS may add in another order for another number of rows.
    /// - Returns: how many predictions there were.
    @discardableResult
    private func compare(
        _ model: EmotionModel, _ clip: LandmarkClip, _ options: EmotionStream.Options
    ) throws -> Int {
        let tolerance: Float = try model.plan(frames: nil).options.instructionSet == .portable ? 2e-6 : 0
        var stream = try EmotionStream(model, options: options)
        var count = 0
        for (index, frame) in try clip.frames(perSecond: 10).enumerated() {
            guard let found = try stream.append(frame) else { continue }
            count += 1
            #expect(found.frames == max(0, index + 1 - (options.window ?? model.input.frames))..<index + 1)
            #expect(found.endTime == Double(index) / 10)
            let expected = try model.predict(part(clip, found.frames))
            if tolerance == 0 {
                #expect(found.window == expected)
            } else {
                let difference = zip(found.window.probabilities, expected.probabilities).map { abs($0 - $1) }.max()
                #expect(difference ?? 1 <= tolerance)
                #expect(found.window.framesUsed == expected.framesUsed)
            }
        }
        return count
    }

    @Test("Each prediction is the window's as a clip, to the bit", arguments: StreamModel.allCases)
    func equality(kind: StreamModel) throws {
        for level in EmotionModel.InstructionSet.available {
            let model = try EmotionModel(kind.package(), options: .init(instructionSet: level))
            #expect(try compare(model, clip(20), .init()) == 13)
            #expect(try compare(model, clip(20), .init(hop: 3, minimumFrames: 2)) == 7)
            #expect(try compare(model, clip(20), .init(window: 5, hop: 2)) == 8)
        }
    }

    @Test("What is the same for a frame wherever it stands is computed once", arguments: StreamModel.allCases)
    func reuse(kind: StreamModel) throws {
        let model = try EmotionModel(kind.package())
        let steps = try model.plan(frames: nil).frameSteps
        var stream = try EmotionStream(model, options: .init(minimumFrames: 2))
        for frame in try clip(20).frames() { _ = try stream.append(frame) }
        if kind == .convolution {
            #expect(stream.keptFrameCount == nil)
            return
        }
        // Each frame, and the padding of the first windows.
        #expect(stream.keptFrameCount == 21)
        #expect(!steps.resumed.contains { $0.hasPrefix("dense 8×6×") }, "the layer over the features runs no more")
        #expect(steps.once.contains(kind == .recurrent ? "forward+backward/input" : "projection"))
    }

    @Test("Frames without a face, padding and truncation follow the model's rules", arguments: StreamModel.allCases)
    func rules(kind: StreamModel) throws {
        let missing: Set = [0, 1, 4, 7, 8, 9, 15]
        for rule in InputDescription.MissingFrame.allCases {
            for side in [InputDescription.Padding.Side.end, .start] {
                for order in InputDescription.Padding.Order.allCases {
                    let package = try kind.package(
                        padding: .init(value: 0.25, side: side, order: order),
                        truncation: side == .end ? .uniform : .start, missingFrame: rule,
                        normalization: normalization([StreamModel.features]))
                    for level in EmotionModel.InstructionSet.available {
                        let model = try EmotionModel(package, options: .init(instructionSet: level))
                        try compare(model, clip(20, missing: missing), .init(minimumFrames: 1))
                        // More frames than the model takes.
                        try compare(model, clip(20, missing: missing), .init(window: 11, hop: 4))
                    }
                }
            }
        }
    }

    @Test(
        "A model that takes any number of frames gets the window's own number",
        arguments: [
            StreamModel.attention, .recurrent,
        ])
    func openTime(kind: StreamModel) throws {
        let model = try EmotionModel(kind.package(hasOpenTime: true, padding: .init(side: .none)))
        #expect(try compare(model, clip(20, missing: [3, 12]), .init(minimumFrames: 1)) == 20)
    }

    @Test(
        "Statistics for each frame of the window are those of its place",
        arguments: [
            StreamModel.positions, .convolution,
        ])
    func frameStatistics(kind: StreamModel) throws {
        let normalization = try normalization([8, StreamModel.features])
        for order in InputDescription.Padding.Order.allCases {
            let package = try kind.package(
                padding: .init(value: 0.5, side: .start, order: order), normalization: normalization)
            try compare(EmotionModel(package), clip(16, missing: [2]), .init(minimumFrames: 1))
        }
    }

    @Test(
        "Landmarks are laid out as the model says",
        arguments: [
            LandmarkLayout.raw, .xyzInterleaved, .xyzPlanar,
        ])
    func layouts(layout: LandmarkLayout) throws {
        let model = try EmotionModel(StreamModel.stem.package(layout: layout))
        let clip = try clip(12, missing: [3], landmarks: true)
        try compare(model, clip, .init(hop: 2, minimumFrames: 2))
        // Landmarks given as such, not from a clip.
        var stream = try EmotionStream(model, options: .init(window: 1))
        let found = try stream.append(LandmarkFrame(landmarks: [SIMD3(1, 2, 3), SIMD3(4, 5, 6)]))
        #expect(try found?.window == model.predict(LandmarkClip([[SIMD3(1, 2, 3), SIMD3(4, 5, 6)]])))
    }

    private func normalization(_ extents: [Int]) throws -> InputDescription.Normalization {
        var random = SplitMix(state: 3)
        let count = extents.reduce(1, *)
        return InputDescription.Normalization(
            mean: try Tensor((0..<count).map { _ in random.next() }, shape: Shape(extents)),
            standardDeviation: try Tensor((0..<count).map { _ in 1.5 + random.next() }, shape: Shape(extents)))
    }

    @Test("Statistics of each frame that are all the same are those of the features, and nothing is lost by them")
    func equalStatistics() throws {
        let one = try normalization([StreamModel.features])
        func repeated(_ tensor: Tensor) throws -> Tensor {
            let row = tensor.doubles.map { Float($0) }
            return try Tensor((0..<8).flatMap { _ in row }, shape: Shape([8, StreamModel.features]))
        }
        let many = try InputDescription.Normalization(
            mean: repeated(one.mean), standardDeviation: repeated(one.standardDeviation))
        let clip = try clip(12)
        let models = try [one, many].map { try EmotionModel(StreamModel.positions.package(normalization: $0)) }
        #expect(try models[0].predict(clip) == models[1].predict(clip))
        for model in models {
            try compare(model, clip, .init())
            #expect(try EmotionStream(model).keptFrameCount == 0, "there is work to keep")
        }
        let place = try EmotionModel(
            StreamModel.positions.package(normalization: normalization([8, StreamModel.features])))
        #expect(try EmotionStream(place).keptFrameCount == nil)
    }

    @Test("A clip's frames make the same clip again, landmarks or features, faces or none")
    func framesOfClips() throws {
        for landmarks in [false, true] {
            let original = try clip(5, missing: [0, 3], landmarks: landmarks)
            let again = try LandmarkClip(frames: original.frames())
            #expect(again.missingFrames == [0, 3])
            #expect(again.landmarkCount == original.landmarkCount)
            #expect(again.values.map(\.bitPattern) == original.values.map(\.bitPattern))
        }
        #expect(
            refusal { try LandmarkClip(frames: [LandmarkFrame(withoutFaceAt: nil)]) }
                == "clip: no frame of the clip has a face")
        #expect(refusal { try LandmarkClip(frames: []) } == "clip: the clip has no frames")
        let mixed = try [LandmarkFrame(features: [1, 2, 3]), LandmarkFrame(landmarks: [SIMD3(1, 2, 3)])]
        #expect(
            refusal { try LandmarkClip(frames: mixed) }
                == "frame 1: a clip has either landmarks or features in every frame (found landmarks, expected features)"
        )
    }

    @Test("Smoothing is the documented moving average, and 0 gives the window's own probabilities")
    func smoothing() throws {
        let model = try EmotionModel(StreamModel.positions.package())
        for share in [0, 0.75] {
            var stream = try EmotionStream(model, options: .init(smoothing: share))
            var expected: [Double] = []
            for frame in try clip(14).frames() {
                guard let found = try stream.append(frame) else { continue }
                let own = found.window.probabilities.map { Double($0) }
                expected = expected.isEmpty ? own : zip(expected, own).map { share * $0 + (1 - share) * $1 }
                #expect(found.probabilities == expected.map { Float($0) })
                #expect(found.smoothed.labelIndex == found.labels.firstIndex(of: found.label))
                if share == 0 { #expect(found.probabilities == found.window.probabilities) }
            }
            #expect(!expected.isEmpty)
        }
    }

    @Test("finish gives what is left, also of a stream that was too short, and nothing twice")
    func finishing() throws {
        let model = try EmotionModel(StreamModel.positions.package())
        let clip = try clip(12)
        var short = try EmotionStream(model)
        for frame in try clip.frames().prefix(3) { #expect(try short.append(frame) == nil) }
        let last = try #require(try short.finish())
        #expect(last.frames == 0..<3)
        #expect(try last.window == model.predict(part(clip, 0..<3)))
        #expect(try short.finish() == nil)
        var long = try EmotionStream(model, options: .init(hop: 3))
        for frame in try clip.frames() { _ = try long.append(frame) }
        #expect(try long.finish()?.frames == 4..<12)
        var empty = try EmotionStream(model)
        #expect(try empty.finish() == nil)
    }

    @Test("A window without any face gives nothing, and the stream goes on")
    func noFaces() throws {
        let model = try EmotionModel(StreamModel.positions.package())
        var stream = try EmotionStream(model, options: .init(window: 2, minimumFrames: 1))
        let frames = try clip(4, missing: [0, 1]).frames()
        #expect(try frames.map { try stream.append($0)?.frames } == [nil, nil, 1..<3, 2..<4])
    }

    @Test("A copy of a stream goes on by itself")
    func copies() throws {
        let model = try EmotionModel(StreamModel.positions.package())
        let frames = try clip(12).frames()
        var first = try EmotionStream(model, options: .init(smoothing: 0.5))
        for frame in frames.prefix(9) { _ = try first.append(frame) }
        var second = first
        let expected = try frames.suffix(3).map { try first.append($0) }
        #expect(try frames.suffix(3).reversed().map { try second.append($0) } != expected)
        #expect(second.frameCount == 12)
    }

    @Test("A frame that is not for the model is refused by name, and the stream goes on without it")
    func wrongFrames() throws {
        let model = try EmotionModel(StreamModel.positions.package())
        var stream = try EmotionStream(model, options: .init(minimumFrames: 1))
        let good = try clip(3).frames()
        _ = try stream.append(good[0])
        let error = #expect(throws: EmotionFormerError.self) {
            try stream.append(LandmarkFrame(features: [1, 2]))
        }
        #expect(error?.code == .featureCountMismatch)
        #expect(error?.place == "frame 1")
        #expect(try stream.append(good[1])?.frames == 0..<2)
        #expect(
            refusal { try LandmarkFrame(features: [1, .infinity]) } == "feature 1: the value is not a finite number")
        #expect(
            refusal { try LandmarkFrame(landmarks: [.zero, SIMD3(.nan, .infinity, 2)]) }
                == "landmark 1: the value is not a finite number")
        #expect(refusal { try LandmarkFrame(withoutFaceAt: .nan) } == "time: the value is not a finite number")
        #expect(try !LandmarkFrame(features: [.nan, .nan]).hasFace)
        #expect(try !LandmarkFrame(landmarks: [SIMD3(repeating: .nan)]).hasFace)
    }

    @Test("Missing values of single frames are treated as in a clip, and refused without harm to the stream")
    func missingValues() throws {
        for landmarks in [false, true] {
            var values = try clip(12, landmarks: landmarks).values
            for index in [2, 13, 14, 40] { values[index] = .nan }
            let width = StreamModel.features
            let partial =
                landmarks
                ? try LandmarkClip(
                    stride(from: 0, to: values.count, by: width).map { start in
                        stride(from: start, to: start + width, by: 3).map {
                            SIMD3(values[$0], values[$0 + 1], values[$0 + 2])
                        }
                    }) : try LandmarkClip(features: values, frameCount: 12, featureCount: width)
            let package = try StreamModel.positions.package(layout: landmarks ? .xyzPlanar : .raw)
            let zeros = try EmotionModel(package, options: .init(missingValue: .zeros))
            #expect(try compare(zeros, partial, .init()) == 5)
            let model = try EmotionModel(package)
            var stream = try EmotionStream(model, options: .init(minimumFrames: 1))
            let frames = try partial.frames()
            let error = #expect(throws: EmotionFormerError.self) { try stream.append(frames[0]) }
            #expect(error?.code == .notFinite)
            #expect(error?.place == "frame 0, feature 2")
            #expect(try stream.append(frames[1])?.frames == 0..<1)
        }
    }

    @Test("A model's own rule for missing values is not overridden by another")
    func missingValueRules() throws {
        let package = try StreamModel.positions.package(missingValue: .zeros)
        #expect(try EmotionModel(package).input.missingValue == .zeros)
        #expect(try EmotionModel(package, options: .init(missingValue: .zeros)).input.missingValue == .zeros)
        let error = #expect(throws: Fault.self) { try EmotionModel(package, options: .init(missingValue: .keep)) }
        #expect(error?.code == .invalidArgument)
    }

    @Test(
        "Options out of range are refused",
        arguments: [
            (EmotionStream.Options(window: 0), "window: the number of frames is out of range (found 0,"),
            (.init(window: -1), "window: the number of frames is out of range (found -1,"),
            (.init(window: .max), "window: the number of frames is out of range (found \(Int.max),"),
            (.init(window: 1 << 25), "window: the window takes too much memory (found 33554432 frames"),
            (.init(hop: 0), "hop: the number of frames is out of range (found 0,"),
            (.init(hop: .max), "hop: the number of frames is out of range (found \(Int.max),"),
            (.init(smoothing: 1), "smoothing: the share of the past is out of range (found 1.0,"),
            (.init(smoothing: -0.1), "smoothing: the share of the past is out of range (found -0.1,"),
            (.init(smoothing: .nan), "smoothing: the share of the past is out of range (found nan,"),
            (.init(minimumFrames: 0), "minimumFrames: the number of frames is out of range (found 0,"),
            (.init(minimumFrames: 9), "minimumFrames: the number of frames is out of range (found 9,"),
        ])
    func badOptions(options: EmotionStream.Options, problem: String) throws {
        let model = try EmotionModel(StreamModel.positions.package())
        #expect(refusal { try EmotionStream(model, options: options) }.hasPrefix(problem))
    }

    @Test("As a sequence: the same predictions, and the rest at the end")
    func sequence() async throws {
        let model = try EmotionModel(StreamModel.positions.package())
        let frames = try clip(15).frames()
        let stream = try EmotionStream(model, options: .init(hop: 4, smoothing: 0.5))
        var expected: [StreamPrediction] = []
        var direct = stream
        for frame in frames { if let found = try direct.append(frame) { expected.append(found) } }
        if let found = try direct.finish() { expected.append(found) }
        #expect(expected.count == 3)
        let source = AsyncStream { continuation in
            for frame in frames { continuation.yield(frame) }
            continuation.finish()
        }
        var found: [StreamPrediction] = []
        for try await prediction in stream.predictions(of: source) { found.append(prediction) }
        #expect(found == expected)
    }

    @Test("The sequence takes frames only when a prediction is waited for, and ends when its task is cancelled")
    func backPressure() async throws {
        let model = try EmotionModel(StreamModel.positions.package())
        let frames = try clip(1).frames()
        let stream = try EmotionStream(model, options: .init(window: 2, hop: 2))
        let taken = Counter()
        let endless = AsyncStream { () -> LandmarkFrame? in
            taken.increment()
            return frames[0]
        }
        var iterator = stream.predictions(of: endless).makeAsyncIterator()
        #expect(taken.value == 0)
        #expect(try await iterator.next()?.frames == 0..<2)
        #expect(taken.value == 2)
        let task = Task {
            for try await _ in stream.predictions(of: endless) { await Task.yield() }
        }
        task.cancel()
        let error = await #expect(throws: EmotionFormerError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }
}

private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    func increment() { lock.withLock { count += 1 } }
    var value: Int { lock.withLock { count } }
}
