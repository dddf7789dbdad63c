import EmotionFormerCore
import EmotionFormerEngine

extension EmotionModel {
    /// The attention weights of each layer for a clip, in the order in which the model runs the layers; empty for a
    /// model without attention.
    ///
    /// The first call reads the model's file again and compiles a second plan. Calls are slower than `predict(_:)`,
    /// which is not affected. Attention inside loops and branches is not included.
    /// - Throws: like `predict(_:)`; `checksumMismatch` if the model's file has changed since it was loaded, or the
    ///   error of reading it if it is damaged or gone.
    public func attention(of clip: LandmarkClip) throws(EmotionFormerError) -> [AttentionMap] {
        try publicly { () throws(Fault) in
            let frames = try preparation.frames(of: clip)
            let rows = input.padding.side == .none ? frames.count : input.frames
            let entry = try attentionPlans.entry(rows: rows)
            guard !entry.layers.isEmpty else { return [] }
            let session = Session(entry.plan)
            preparation.write(clip, frames: frames, rows: rows, to: session.input(0).bindMemory(to: Float.self))
            try session.run()
            let first = input.padding.side == .start ? rows - frames.count : 0
            let places = (0..<rows).map { (row: Int) -> Int? in
                row >= first && row - first < frames.count ? frames[row - first] : nil
            }
            return try entry.layers.enumerated().map { index, layer throws(Fault) in
                let weights = Array(session.output(index + 1).bindMemory(to: Float.self))
                guard weights.allSatisfy(\.isFinite) else {
                    throw Fault(.notFinite, at: layer.layer, "an attention weight is not a finite number")
                }
                return AttentionMap(
                    name: layer.layer, headCount: layer.headCount, queryCount: layer.queryCount,
                    keyCount: layer.keyCount, weights: weights,
                    queryFrames: EmotionModel.shortened(places, to: layer.queryCount),
                    keyFrames: EmotionModel.shortened(places, to: layer.keyCount))
            }
        }
    }

    /// The frames that each of `count` rows stands for: one of the model's rows each, or equal groups of them. Empty if
    /// neither fits.
    package static func shortened(_ places: [Int?], to count: Int) -> [ClosedRange<Int>?] {
        guard count > 0, count <= places.count else { return [] }
        // Pooling by `size` gives as many groups as fit, and one more if it keeps the remainder.
        let sizes = [places.count / count, (places.count + count - 1) / count]
        guard let size = sizes.first(where: { count == places.count / $0 || count == (places.count + $0 - 1) / $0 })
        else {
            return []
        }
        return (0..<count).map { row in
            let group = places[row * size..<min((row + 1) * size, places.count)].compactMap { $0 }
            guard let low = group.min(), let high = group.max() else { return nil }
            return low...high
        }
    }
}
