import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles

/// Compares a clip's features with the model's training data: (x − mean) / standard deviation of every value.
struct InputStatistics {
    enum Verdict: String {
        /// There are no statistics to compare with.
        case plain
        case good, odd, bad
    }

    /// Whether the model has training statistics. If not, values are those of the clip.
    let isNormalized: Bool
    let mean: Double
    let deviation: Double
    let smallest: Double
    let largest: Double
    /// The fraction of values beyond three standard deviations.
    let shareBeyond: Double
    /// The fractions of values in bins of half a standard deviation from −6 to 6. The outermost bins include all values
    /// beyond.
    let histogram: [Double]
    /// The features that are farthest from the training data, by the mean of |z|.
    let worst: [(feature: Int, distance: Double, shareBeyond: Double)]
    let verdict: Verdict
    /// What the numbers mean, in words.
    let explanation: String

    private static let edge = 6.0

    init(_ clip: LandmarkClip, _ model: EmotionModel, framesUsed: Int) throws {
        let features = model.input.features
        let rows = try Self.rows(clip, model, framesUsed)
        // Missing values are no values.
        let count = Double(max(rows.count { !$0.isNaN }, 1))
        var histogram = [Double](repeating: 0, count: Int(Self.edge) * 4)
        var (sum, squares) = (0.0, 0.0)
        var (smallest, largest) = (Double.infinity, -Double.infinity)
        var distances = [Double](repeating: 0, count: features)
        var beyond = [Int](repeating: 0, count: features)
        for (index, value) in rows.enumerated() where !value.isNaN {
            let value = Double(value)
            sum += value
            squares += value * value
            smallest = min(smallest, value)
            largest = max(largest, value)
            distances[index % features] += abs(value)
            if abs(value) > 3 { beyond[index % features] += 1 }
            let bin = min(max((value + Self.edge) * 2, 0), Double(histogram.count - 1))
            histogram[min(Int(saturating: bin), histogram.count - 1)] += 1 / count
        }
        let frames = Double(max(rows.count / features, 1))
        isNormalized = model.input.normalization != nil
        mean = sum / count
        deviation = max(squares / count - mean * mean, 0).squareRoot()
        self.smallest = smallest
        self.largest = largest
        self.histogram = histogram
        shareBeyond = Double(beyond.reduce(0, +)) / count
        worst = distances.indices.sorted { distances[$0] > distances[$1] }.prefix(8)
            .map { ($0, distances[$0] / frames, Double(beyond[$0]) / frames) }
        let other = isNormalized ? try Self.otherLayout(clip, model, framesUsed) : nil
        (verdict, explanation) = Self.judgment(
            isNormalized: isNormalized, share: shareBeyond, mean: mean, deviation: deviation, smallest: smallest,
            largest: largest, other: other, isInPixels: Self.isInPixels(clip),
            isNormalizedAlready: Self.isNormalizedAlready(clip))
    }

    /// The rows of the model's input that are frames of the clip.
    private static func rows(_ clip: LandmarkClip, _ model: EmotionModel, _ framesUsed: Int) throws -> ArraySlice<Float>
    {
        let tensor = try model.graphInput(of: clip)
        let values = tensor.doubles.map { Float($0) }
        let features = model.input.features
        let total = values.count / max(features, 1)
        let used = min(framesUsed, total)
        let first = model.input.padding.side == .start ? total - used : 0
        return values[first * features..<(first + used) * features]
    }

    /// Whether coordinates are in pixels. MediaPipe gives fractions of the picture, from 0 to 1 except for faces at its
    /// edge.
    private static func isInPixels(_ clip: LandmarkClip) -> Bool {
        guard let landmarks = clip.landmarkCount, landmarks > 0 else { return false }
        let sizes = clip.values.prefix(300 * clip.featureCount).filter(\.isFinite).map { abs($0) }
        let (large, small) = (sizes.count { $0 > 10 }, sizes.count { $0 <= 10 })
        // The depth of a landmark is small in both cases.
        return large > small / 2
    }

    /// Whether the values are distributed like normalized ones.
    private static func isNormalizedAlready(_ clip: LandmarkClip) -> Bool {
        let values = clip.values.filter(\.isFinite)
        let count = Double(max(values.count, 1))
        let mean = values.reduce(0) { $0 + Double($1) } / count
        let square = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
        return abs(mean) < 0.3 && (0.25...4).contains(square)
    }

    /// The fraction of values beyond three standard deviations if a frame's coordinates are in the other common order.
    private static func otherLayout(
        _ clip: LandmarkClip, _ model: EmotionModel, _ framesUsed: Int
    ) throws -> (name: String, share: Double)? {
        let features = model.input.features
        guard clip.featureCount == features, features.isMultiple(of: 3) else { return nil }
        let points = features / 3
        let isPlanar = model.input.layout == .xyzPlanar
        // Landmarks are laid out as the model's layout says; raw features are assumed to be.
        let toInterleaved = isPlanar && clip.landmarkCount != nil || !isPlanar && clip.landmarkCount == nil
        var values = clip.values
        for frame in 0..<clip.frameCount {
            for place in 0..<features {
                let source = toInterleaved ? place % 3 * points + place / 3 : place % points * 3 + place / points
                values[frame * features + place] = clip.values[frame * features + source]
            }
        }
        let moved = try LandmarkClip(features: values, frameCount: clip.frameCount, featureCount: features)
        let rows = try rows(moved, model, framesUsed)
        let share = Double(rows.count { abs($0) > 3 }) / Double(max(rows.count { !$0.isNaN }, 1))
        return (toInterleaved ? "x, y, z of each landmark in turn" : "all x, then all y, then all z", share)
    }

    private static func judgment(
        isNormalized: Bool, share: Double, mean: Double, deviation: Double, smallest: Double, largest: Double,
        other: (name: String, share: Double)?, isInPixels: Bool, isNormalizedAlready: Bool
    ) -> (Verdict, String) {
        let pixels = " The coordinates look like pixels; MediaPipe's are fractions of the picture's width and height."
        guard isNormalized else {
            return (
                isInPixels ? .odd : .plain,
                "The model takes features as they are: it comes without training statistics, so there is nothing to "
                    + "compare with. Values lie between \(DecimalText.fixed(smallest, 3)) and "
                    + "\(DecimalText.fixed(largest, 3))." + (isInPixels ? pixels : "")
            )
        }
        let beyond = HTML.percent(share)
        if share > 0.25 || deviation > 4 {
            var text =
                "\(beyond) of the values lie more than three standard deviations from what the model was trained on "
            text += "(about 0.3 % would be usual): the layout or the normalization is evidently wrong for this clip, "
            text += "and the answer means nothing."
            if isInPixels { text += pixels }
            if isNormalizedAlready {
                text +=
                    " The clip's own values have a mean near 0 and a deviation near 1: they may have been normalized "
                text += "already."
            }
            if let other, other.share < share / 3 {
                text += " In another order (\(other.name)) it would be \(HTML.percent(other.share)): "
                text += "the coordinates probably stand in that order."
            }
            return (.bad, text)
        }
        if deviation < 0.05 {
            return (
                .bad,
                "The values hardly vary beside the training data's (a deviation of \(DecimalText.fixed(deviation, 3)) where 1 "
                    + "would be usual): the clip may have been normalized already, or is in other units."
            )
        }
        if share > 0.05 || abs(mean) > 1 || deviation > 2 || deviation < 0.2 {
            return (
                .odd,
                "\(beyond) of the values lie more than three standard deviations from what the model was trained on. "
                    + "That is unusual: a face elsewhere in the picture, closer or turned away does this, and so does "
                    + "another camera. The answer is less certain than its probability says."
            )
        }
        return (
            .good,
            "The clip lies among what the model was trained on: \(beyond) of the values are more than three standard "
                + "deviations away."
        )
    }
}
