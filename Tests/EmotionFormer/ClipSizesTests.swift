import EmotionFormerCore
import EmotionFormerEngine
import EmotionFormerModelFormat
import Foundation
import Testing

@testable import EmotionFormer

@Suite("Predictions from a clip's own frames")
struct ClipSizesTests {
    private static let frames = 40

    private func model(
        level: EmotionModel.InstructionSet? = nil, threads: Int = 1,
        padding: InputDescription.Padding = .init(), normalization: InputDescription.Normalization? = nil,
        missingValue: InputDescription.MissingValue = .refuse, kind: StreamModel = .masked
    ) throws -> EmotionModel {
        try EmotionModel(
            kind.package(
                frames: Self.frames, padding: padding, missingValue: missingValue, normalization: normalization),
            options: .init(threads: threads, instructionSet: level))
    }

    private func clip(_ frames: Int, seed: UInt64 = 3, emptyFrames: Set<Int> = []) throws -> LandmarkClip {
        var random = SplitMix(state: seed)
        let values = (0..<frames * StreamModel.features).map { index in
            let value = random.next() * 2
            return emptyFrames.contains(index / StreamModel.features) ? 0 : value
        }
        return try LandmarkClip(features: values, frameCount: frames, featureCount: StreamModel.features)
    }

    /// Probabilities and logits of the plan for all frames.
    private func whole(_ model: EmotionModel, _ clip: LandmarkClip) throws -> [[Float]] {
        let session = Session(try model.plan(frames: model.input.frames))
        try model.graphInput(of: clip).withUnsafeBytes { session.input(0).copyMemory(from: $0) }
        try session.run()
        return [0, 1].map { Array(session.output($0).bindMemory(to: Float.self)) }
    }

    private func check(_ model: EmotionModel, _ clip: LandmarkClip, _ level: EmotionModel.InstructionSet?) throws {
        let expected = try whole(model, clip)
        guard expected[0].allSatisfy(\.isFinite) else {
            #expect(throws: EmotionFormerError.self) { try model.predict(clip) }
            return
        }
        let found = try model.predict(clip)
        for (found, expected) in [(found.probabilities, expected[0]), (found.logits ?? [], expected[1])] {
            if level == .portable {
                #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-6 }, "\(clip.frameCount) frames")
            } else {
                #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(clip.frameCount) frames")
            }
        }
    }

    @Test(
        "A clip of any length gives what all frames give, to the bit, or within 1e-6 with BLAS",
        arguments: EmotionModel.InstructionSet.available)
    func lengths(_ level: EmotionModel.InstructionSet) throws {
        for threads in [1, 2] {
            let model = try model(level: level, threads: threads)
            #expect(model.clipSizes == [4, 8, 12, 16, 24, 32] && model.frameBarrier == nil)
            for frames in 1...Self.frames + 2 {
                try check(model, clip(frames), level)
                try check(model, clip(frames, seed: 9, emptyFrames: [0, 2, 3, frames - 1]), level)
            }
        }
    }

    @Test("A clip in which the model keeps no frame, or of huge numbers, takes all frames")
    func exceptions() throws {
        let model = try model(missingValue: .keep)
        try check(model, clip(5, emptyFrames: [0, 1, 2, 3, 4]), nil)
        for size: Float in [1e3, 1e6, 1e9, 1e38] {
            let features = (0..<3 * StreamModel.features).map { Float($0 % 5 - 2) * size }
            try check(
                model, LandmarkClip(features: features, frameCount: 3, featureCount: StreamModel.features), nil)
        }
        var values = [Float](repeating: 1, count: 3 * StreamModel.features)
        values[4] = .nan
        let missing = try LandmarkClip(features: values, frameCount: 3, featureCount: StreamModel.features)
        #expect(throws: EmotionFormerError.self) { try model.predict(missing) }
    }

    @Test("The least size has a frame of padding after the clip, and whole windows of it")
    func sizes() throws {
        let model = try model()
        let sizes = try #require(model.plans.sizes)
        #expect(sizes.size(for: 3)?.frames == 4)
        #expect(sizes.size(for: 4)?.frames == 8)
        #expect(sizes.size(for: 31)?.frames == 32)
        #expect(sizes.size(for: 32) == nil)
        #expect(try model.plan(frames: 3).inputTypes[0].shape.extents == [1, 4, StreamModel.features])
        #expect(try model.plan(frames: 40).inputTypes[0].shape.extents == [1, 40, StreamModel.features])
        #expect(throws: Fault.self) { try model.plan(frames: 41) }
    }

    @Test("Sizes are few, of whole units, and a clip of any length takes few frames more than its own")
    func spacing() {
        #expect(ClipSizes.frames(upTo: 300, unit: 10) == [30, 40, 50, 70, 90, 120, 150, 190, 240])
        #expect(ClipSizes.frames(upTo: 300, unit: 1) == [16, 32, 48, 64, 80, 112, 144, 192, 240])
        for count in [1, 2, 4, 5, 7, 24, 40, 63, 64, 100, 300, 301, 4096] {
            for unit in [1, 2, 3, 5, 10, 64] {
                let sizes = ClipSizes.frames(upTo: count, unit: unit)
                #expect(sizes.count <= 9 && sizes.allSatisfy { $0 >= 2 * unit && $0 < count && $0 % unit == 0 })
                let multiple = max(unit + 16, 2 * unit)
                for (size, next) in zip(sizes, sizes.dropFirst() + [count]) {
                    #expect(size < next && next - size <= next / 5 + multiple)
                }
            }
        }
    }

    @Test("The bundled model gives to the bit what all frames give, at both ends of every size")
    func bundled() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Weights/EmotionFormer-Synthetic")
        let model = try EmotionModel(path: folder.path)
        let sizes = try #require(model.plans.sizes)
        #expect(model.clipSizes == [30, 40, 50, 70, 90, 120, 150, 190, 240])
        #expect(sizes.size(for: 60)?.frames == 70)
        var random = SplitMix(state: 5)
        let values = (0..<240 * model.input.features).map { _ in random.next() }
        for size in model.clipSizes {
            for frames in [size - 11, size - 10] {
                let clip = try LandmarkClip(
                    features: Array(values.prefix(frames * model.input.features)), frameCount: frames,
                    featureCount: model.input.features)
                try check(model, clip, EmotionModel.InstructionSet.available.last)
            }
        }
    }

    @Test("What padding holds decides: normalized to other numbers than zero, it is masked no more")
    func normalization() throws {
        let normalization = InputDescription.Normalization(
            mean: Tensor([Float](repeating: 0.5, count: StreamModel.features)),
            standardDeviation: Tensor([Float](repeating: 2, count: StreamModel.features)))
        let before = try model(normalization: normalization)
        #expect(before.clipSizes.isEmpty)
        #expect(before.frameBarrier?.place.contains("attention") == true, "\(before.frameBarrier?.place ?? "")")
        let after = try model(
            padding: .init(value: 0, side: .end, order: .afterNormalization), normalization: normalization)
        #expect(!after.clipSizes.isEmpty)
        for frames in [1, 7, 20] {
            try check(before, clip(frames), nil)
            try check(after, clip(frames), nil)
        }
    }

    @Test("What stands in the way is named; a model that pads none says nothing")
    func barriers() throws {
        #expect(try model(padding: .init(value: 0, side: .start)).frameBarrier?.reason.contains("start") == true)
        #expect(try model(kind: .positions).frameBarrier?.reason.contains("no mask") == true)
        #expect(try model(kind: .convolution).frameBarrier?.place.contains("conv") == true)
        let open = try EmotionModel(
            StreamModel.masked.package(frames: Self.frames, hasOpenTime: true, padding: .init(value: 0, side: .none)))
        #expect(open.frameBarrier == nil && open.clipSizes.isEmpty)
    }

    @Test("Batches give what single clips give, from many threads at once")
    func batches() async throws {
        let model = try model(threads: 2)
        let clips = try (0..<60).map { try clip(1 + $0 * 7 % Self.frames, seed: UInt64($0)) }
        let single = try clips.map { try model.predict($0) }
        #expect(try await model.predict(clips, concurrency: 4) == single)
        let other = model
        let all = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 { group.addTask { try clips.map { try other.predict($0) } == single } }
            return try await group.reduce(true) { $0 && $1 }
        }
        #expect(all)
    }
}
