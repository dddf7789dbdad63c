import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Attention maps reduced for a page: the attention that each frame receives in every head, and small pictures of the
/// matrices.
struct AttentionSummary {
    /// One head, or the mean of several.
    private struct View {
        let name: String
        /// For each place along the clip, its share of the attention to the clip's frames times the number of places: 1
        /// is even attention.
        let received: [Double]
        let paddingShare: Double
        /// Whether the layer's rows could not be assigned to frames and are spread evenly over the clip.
        let isSpread: Bool
        /// Queries × keys of the clip's frames, mean-pooled to `side` × `side`.
        let matrix: [Double]
        let side: Int
    }

    private let layers: [(name: String, views: [View])]

    private static let placeLimit = 600
    private static let sideLimit = 64
    private static let matrixLimit = 160

    /// nil if there are no maps.
    init?(_ maps: [AttentionMap], frameCount: Int) {
        guard !maps.isEmpty, frameCount > 0 else { return nil }
        let showsMatrices = maps.reduce(0) { $0 + $1.headCount + 1 } <= Self.matrixLimit
        var layers = maps.map { map in
            let heads = (0..<map.headCount).map {
                Self.view("Head \($0 + 1)", map, heads: [$0], frameCount, showsMatrices)
            }
            let mean = Self.view("Mean of all heads", map, heads: Array(0..<map.headCount), frameCount, showsMatrices)
            return (name: map.name, views: map.headCount > 1 ? [mean] + heads : heads)
        }
        if layers.count > 1 {
            let means = layers.map { $0.views[0] }
            layers.insert(("All layers (mean)", [Self.mean(means, "Mean of all heads")]), at: 0)
        }
        self.layers = layers
    }

    private static func view(
        _ name: String, _ map: AttentionMap, heads: [Int], _ frameCount: Int, _ showsMatrix: Bool
    ) -> View {
        let places = min(frameCount, placeLimit)
        var received = [Double](repeating: 0, count: places)
        var padding = 0.0
        for head in heads {
            for (key, weight) in map.received(head: head).enumerated() {
                let share = Double(weight) / Double(heads.count)
                if map.keyFrames.isEmpty {
                    // Each key stands for an equal part of the clip.
                    received[key * places / map.keyCount] += share
                } else if let frames = map.keyFrames[key]?.clamped(to: 0...frameCount - 1) {
                    for frame in frames { received[frame * places / frameCount] += share / Double(frames.count) }
                } else {
                    padding += share
                }
            }
        }
        let side = min(sideLimit, max(rows(map.queryFrames, map.queryCount).count, 1))
        return View(
            name: name, received: received.map { $0 * Double(places) / max(1 - padding, 1e-9) }, paddingShare: padding,
            isSpread: map.keyFrames.isEmpty,
            matrix: showsMatrix ? matrix(map, heads: heads, side: side) : [], side: side)
    }

    /// The rows that stand for frames of the clip; all rows if none can be assigned to frames.
    private static func rows(_ frames: [ClosedRange<Int>?], _ count: Int) -> [Int] {
        frames.isEmpty ? Array(0..<count) : frames.indices.filter { frames[$0] != nil }
    }

    private static func matrix(_ map: AttentionMap, heads: [Int], side: Int) -> [Double] {
        let queries = rows(map.queryFrames, map.queryCount)
        let keys = rows(map.keyFrames, map.keyCount)
        var sums = [Double](repeating: 0, count: side * side)
        var counts = sums
        for (row, query) in queries.enumerated() {
            let line = row * side / max(queries.count, 1)
            for (column, key) in keys.enumerated() {
                let cell = line * side + column * side / max(keys.count, 1)
                for head in heads { sums[cell] += Double(map[head: head, query: query, key: key] ?? 0) }
                counts[cell] += Double(heads.count)
            }
        }
        return zip(sums, counts).map { $1 == 0 ? 0 : $0 / $1 }
    }

    private static func mean(_ views: [View], _ name: String) -> View {
        let count = Double(views.count)
        let side = views[0].side
        let haveMatrices = views.allSatisfy { $0.side == side && $0.matrix.count == side * side }
        return View(
            name: name,
            received: views[0].received.indices.map { place in
                views.reduce(0) { $0 + ($1.received.indices.contains(place) ? $1.received[place] : 0) } / count
            },
            paddingShare: views.reduce(0) { $0 + $1.paddingShare } / count, isSpread: views.contains { $0.isSpread },
            matrix: haveMatrices
                ? (0..<side * side).map { cell in views.reduce(0) { $0 + $1.matrix[cell] } / count } : [],
            side: side)
    }

    var json: String {
        let layers = layers.map { layer in
            let views = layer.views.map { view in
                let largest = max(view.matrix.max() ?? 0, 1e-12)
                let pixels = view.matrix.map { UInt8(saturating: min(max($0 / largest, 0), 1) * 255) }
                return
                    "{\"name\":\(PrintedText.quotedInJSON(view.name)),\"padding\":\(DecimalText.fixedInJSON(view.paddingShare, 4)),\"spread\":\(view.isSpread),"
                    + "\"received\":[\(view.received.map { DecimalText.fixedInJSON($0, 3) }.joined(separator: ","))],"
                    + "\"side\":\(pixels.isEmpty ? 0 : view.side),\"matrix\":\"\(Data(pixels).base64EncodedString())\"}"
            }
            return
                "{\"name\":\(PrintedText.quotedInJSON(PrintedText.line(layer.name))),\"views\":[\(views.joined(separator: ","))]}"
        }
        return "[\(layers.joined(separator: ","))]"
    }
}
