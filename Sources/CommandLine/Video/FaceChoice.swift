import EmotionFormerLandmarks

/// Which face of several a clip is of. Landmarks are fractions of the picture; distances are measured in pixels.
struct FaceChoice {
    enum Rule: String, CaseIterable, Sendable {
        /// The landmarker's own first face.
        case first
        /// The face with the largest box; of equals the first.
        case largest
        /// The face whose box's center is nearest to the picture's; of equals the first.
        case central
        /// The largest face of the first frame that has one, and from then on the one nearest to where it was last seen.
        /// A frame in which no face is within half the face's size of there has no face of this clip; after `patience`
        /// such frames in a row the largest face begins anew.
        case tracked
    }

    private struct Extent {
        let center: SIMD2<Double>
        let size: SIMD2<Double>

        init(_ face: [SIMD3<Float>], _ width: Int, _ height: Int) {
            var (low, high) = (SIMD2<Double>(repeating: .infinity), SIMD2<Double>(repeating: -.infinity))
            for point in face {
                let place = SIMD2(Double(point.x) * Double(width), Double(point.y) * Double(height))
                low = pointwiseMin(low, place)
                high = pointwiseMax(high, place)
            }
            center = (low + high) / 2
            size = high - low
        }

        var area: Double { size.x * size.y }

        func distance(to point: SIMD2<Double>) -> Double {
            let step = center - point
            return (step * step).sum().squareRoot()
        }
    }

    private let rule: Rule
    private let patience: Int
    private var absent = 0
    private var last: Extent?

    /// How far a face may move between two frames, in units of its own size, and be the same one.
    private static let longestStep = 0.5

    init(_ rule: Rule, patience: Int = 30) {
        self.rule = rule
        self.patience = patience
    }

    /// The index of a face, or nil if it is none of them.
    mutating func choose(_ faces: [[SIMD3<Float>]], width: Int, height: Int) -> Int? {
        if rule == .first { return faces.isEmpty ? nil : 0 }
        let extents = faces.map { Extent($0, width, height) }
        switch rule {
        case .first: return nil
        case .largest: return FaceChoice.largest(extents)
        case .central:
            let middle = SIMD2(Double(width), Double(height)) / 2
            return FaceChoice.least(extents.map { $0.distance(to: middle) })
        case .tracked: return tracked(extents)
        }
    }

    private mutating func tracked(_ extents: [Extent]) -> Int? {
        var found: Int?
        if let last, absent < patience {
            let distances = extents.map { $0.distance(to: last.center) }
            if let nearest = FaceChoice.least(distances), distances[nearest] <= FaceChoice.longestStep * last.size.max()
            {
                found = nearest
            }
        } else {
            found = FaceChoice.largest(extents)
        }
        if let found {
            (absent, last) = (0, extents[found])
        } else {
            absent += 1
        }
        return found
    }

    private static func largest(_ extents: [Extent]) -> Int? { least(extents.map { -$0.area }) }

    /// The first of the least.
    private static func least(_ values: [Double]) -> Int? {
        values.indices.min { values[$0] < values[$1] }
    }
}
