/// A rectangle with level sides, by its least corner and its size, as fractions.
struct Box: Sendable, Hashable {
    var low: SIMD2<Float>
    var size: SIMD2<Float>

    init(low: SIMD2<Float>, size: SIMD2<Float>) {
        self.low = low
        self.size = size
    }

    /// A rectangle that is turned back to level.
    init(_ rectangle: FaceRectangle) {
        size = SIMD2(rectangle.width, rectangle.height)
        low = SIMD2(rectangle.x, rectangle.y) - size / 2
    }

    var high: SIMD2<Float> { low + size }

    /// Intersection over union; 0 if they do not meet.
    func overlap(with other: Box) -> Float {
        let (own, others) = (high - low, other.high - other.low)
        let least = pointwiseMax(low, other.low)
        let most = pointwiseMin(high, other.high)
        guard most.x >= least.x, most.y >= least.y else { return 0 }
        let shared = (most.x - least.x) * (most.y - least.y)
        let union = own.x * own.y + others.x * others.y - shared
        return union > 0 ? shared / union : 0
    }
}
