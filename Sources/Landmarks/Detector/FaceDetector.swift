import EmotionFormerSystem

/// What the detector's outputs say: 896 boxes around fixed centers, with scores, become faces.
///
/// It keeps its memory from picture to picture.
package struct FaceDetector {
    static let side = 128
    static let anchorCount = 896

    /// Boxes that overlap more than this show one face.
    private static let suppressionThreshold: Float = 0.5

    private let threshold: Float
    /// Boxes of sufficient score, in the order of their scores; then those that are left.
    package private(set) var candidates: [FaceDetection] = []
    private var rest: [FaceDetection] = []
    package private(set) var faces: [FaceDetection] = []

    /// - Parameters:
    ///   - threshold: the least score.
    ///   - faceCount: the most faces.
    package init(threshold: Float) {
        self.threshold = threshold
        candidates.reserveCapacity(FaceDetector.anchorCount)
        rest.reserveCapacity(FaceDetector.anchorCount)
    }

    /// Forgets the faces of the last picture.
    mutating func forget() { faces.removeAll(keepingCapacity: true) }

    /// Finds the faces, in fractions of the detector's input, best first.
    /// - Parameters:
    ///   - boxes: 896 × 16 numbers: center, size, and six points, in pixels of the input, beside the anchor.
    ///   - logits: 896 numbers.
    ///   - count: the most faces.
    package mutating func find(
        boxes: UnsafePointer<Float>, logits: UnsafePointer<Float>, atMost count: Int
    ) {
        decode(boxes, logits)
        faces.removeAll(keepingCapacity: true)
        rest.removeAll(keepingCapacity: true)
        rest.append(contentsOf: candidates)
        while faces.count < count, let best = rest.first {
            let (face, nearCount) = FaceDetector.merge(rest, best)
            faces.append(face)
            if nearCount == 0 { break }
            rest.removeAll { $0.box.overlap(with: best.box) > FaceDetector.suppressionThreshold }
        }
    }

    /// `tensors_to_detections_calculator.cc`.
    private mutating func decode(_ boxes: UnsafePointer<Float>, _ logits: UnsafePointer<Float>) {
        candidates.removeAll(keepingCapacity: true)
        let side = Float(FaceDetector.side)
        for index in 0..<FaceDetector.anchorCount {
            let score = sigmoid(min(max(logits[index], -100), 100))
            guard score >= threshold else { continue }
            let values = UnsafeRawPointer(boxes + index * 16).loadUnaligned(as: SIMD16<Float>.self) / side
            let anchor = FaceDetector.anchor(index)
            let (center, size) = (SIMD2(values[0], values[1]) + anchor, SIMD2(values[2], values[3]))
            let (low, high) = (center - size / 2, center + size / 2)
            guard high.x - low.x >= 0, high.y - low.y >= 0 else { continue }
            var keypoints = SIMD16<Float>()
            for place in 0..<12 { keypoints[place] = values[place + 4] + anchor[place & 1] }
            insert(FaceDetection(score: score, low: low, size: high - low, keypoints: keypoints))
        }
    }

    /// Before those of a lower score.
    private mutating func insert(_ detection: FaceDetection) {
        candidates.append(detection)
        var place = candidates.count - 1
        while place > 0, candidates[place - 1].score < detection.score {
            candidates[place] = candidates[place - 1]
            place -= 1
        }
        candidates[place] = detection
    }

    /// The mean, weighted by score, of the boxes that overlap the best one: `non_max_suppression_calculator.cc`.
    private static func merge(
        _ rest: [FaceDetection], _ best: FaceDetection
    ) -> (face: FaceDetection, nearCount: Int) {
        var (total, low, high, keypoints) = (Float(0), SIMD2<Float>(), SIMD2<Float>(), SIMD16<Float>())
        var nearCount = 0
        for other in rest where other.box.overlap(with: best.box) > suppressionThreshold {
            nearCount += 1
            total += other.score
            low += other.box.low * other.score
            high += other.box.high * other.score
            keypoints += other.keypoints * other.score
        }
        guard nearCount > 0 else { return (best, 0) }
        low /= total
        return (
            FaceDetection(score: best.score, low: low, size: high / total - low, keypoints: keypoints / total),
            nearCount
        )
    }

    /// Centers: first those of a 16 × 16 grid, two each, then of an 8 × 8 grid, six each, row by row:
    /// `ssd_anchors_calculator.cc`.
    static func anchor(_ index: Int) -> SIMD2<Float> {
        let (grid, place) = index < 512 ? (16, index / 2) : (8, (index - 512) / 6)
        return SIMD2(Float(place % grid) + 0.5, Float(place / grid) + 0.5) / Float(grid)
    }
}

/// The logistic function, in float32 with the C library's exponential.
func sigmoid(_ value: Float) -> Float { 1 / (1 + expf(-value)) }
