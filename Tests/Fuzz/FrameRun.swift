import EmotionFormerCore
import EmotionFormerEngine

@testable import EmotionFormer

/// A model whose padding is proven to influence nothing gives the same from a clip's own frames as from all, to the bit.
enum FrameRun {
    static func check(_ model: EmotionModel) throws(Fault) {
        guard let sizes = model.plans.sizes else { return }
        let (all, features) = (model.input.frames, model.input.features)
        for (seed, frames) in [1, (all + 1) / 3, all / 2, all - 1].enumerated() where frames >= 1 {
            guard let size = sizes.size(for: frames) else { continue }
            for scale: Float in [1, 1e4] {
                var values = [Float](repeating: 0, count: frames * features)
                values.withUnsafeMutableBytes { ModelRun.fill($0, .float32, seed: UInt64(seed)) }
                for index in values.indices {
                    // A frame in which a model may find nothing.
                    let isEmpty = index / features % 3 == 1
                    values[index] = isEmpty ? 0 : values[index] * scale
                }
                guard
                    let clip = try? LandmarkClip(features: values, frameCount: frames, featureCount: features),
                    // Frames may be dropped: without a face there is nothing in them.
                    let used = try? model.preparation.frameCount(of: clip), used == frames
                else { continue }
                try compare(model, clip, sizes, size, frames: frames)
            }
        }
    }

    private static func compare(
        _ model: EmotionModel, _ clip: LandmarkClip, _ sizes: ClipSizes, _ size: ClipSizes.Size, frames: Int
    ) throws(Fault) {
        let short = Session(size.pool.plan)
        model.preparation.write(
            clip, frameCount: frames, rows: size.frames, to: short.input(0).bindMemory(to: Float.self))
        guard sizes.admits(short, frameCount: frames) else { return }
        try short.run()
        guard sizes.keepsFrames(short) else { return }
        let whole = Session(try model.plan(frames: model.input.frames))
        model.preparation.write(
            clip, frameCount: frames, rows: model.input.frames, to: whole.input(0).bindMemory(to: Float.self))
        try whole.run()
        Statistics.shortened += 1
        for index in whole.plan.outputTypes.indices {
            let (found, expected) = (short.output(index), whole.output(index))
            // A row for each frame, or the same for all.
            let count =
                found.count == expected.count ? found.count : expected.count / model.input.frames * frames
            guard whole.plan.outputTypes[index].elementType == .float32 else { continue }
            for place in 0..<count / 4 {
                let a = found.loadUnaligned(fromByteOffset: 4 * place, as: Float.self)
                let b = expected.loadUnaligned(fromByteOffset: 4 * place, as: Float.self)
                guard a.bitPattern == b.bitPattern || a.isNaN && b.isNaN else {
                    finding("output \(index)[\(place)] of \(frames) frames is \(a), of all with padding \(b)")
                }
            }
        }
    }
}
