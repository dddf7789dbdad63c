import EmotionFormerTensors

/// A clip of face landmarks: frames × features, in the order of time.
///
/// A clip holds either *landmarks*, each with x, y and z (frames × landmarks × 3), which the model's manifest says how to
/// lay out as features, or *raw features*, which a model takes as they are. Every value is finite, except that a frame
/// without a face holds NaN throughout; what becomes of such frames is the model's rule.
public struct LandmarkClip: Sendable, Hashable {
    /// Where the clip comes from, for people: a video's or an array's name.
    public var name: String?
    /// The emotion that the file states for the clip, if it does: the truth that an evaluation compares with.
    public var emotion: String?

    public let frameCount: Int
    /// Values a frame: features, or three times the landmarks.
    public let featureCount: Int
    /// Landmarks a frame (478 for MediaPipe's Face Landmarker), or nil for raw features.
    public let landmarkCount: Int?
    /// Frames × features, row-major; a landmark is x, y, z.
    public let values: [Float]
    /// Indices of the frames without a face, ascending.
    public let missingFrames: [Int]

    /// A clip from landmarks; one inner array a frame. An empty inner array is a frame without a face.
    /// - Throws: `emptyClip` without frames or with no landmark at all, `featureCountMismatch` if frames differ in their
    ///   number of landmarks, `notFinite` for a NaN or infinite coordinate.
    public init(_ landmarks: [[SIMD3<Float>]], name: String? = nil) throws(EmotionFormerError) {
        self = try publicly { () throws(Fault) in
            var assembly = ClipAssembly(place: name ?? "clip")
            for (index, frame) in landmarks.enumerated() {
                let values = frame.flatMap { [$0.x, $0.y, $0.z] }
                try assembly.append(frame.isEmpty ? nil : .landmarks(values), at: "frame \(index)")
            }
            var clip = try assembly.clip()
            clip.name = name
            return clip
        }
    }

    /// A clip from raw features, frames × features, row-major. A frame that is NaN throughout is one without a face.
    /// - Throws: `invalidArgument` if there are not `frameCount` × `featureCount` values, `emptyClip` if either is 0,
    ///   `notFinite` for a NaN or infinite value.
    public init(
        features: [Float], frameCount: Int, featureCount: Int, name: String? = nil
    ) throws(EmotionFormerError) {
        self = try publicly { () throws(Fault) in
            let (count, overflow) = frameCount.multipliedReportingOverflow(by: featureCount)
            guard frameCount >= 0, featureCount >= 0, !overflow, count == features.count else {
                throw Fault(
                    .invalidArgument, at: name ?? "clip", "the number of values is not frames × features",
                    found: "\(features.count) values", expected: "\(frameCount) × \(featureCount)")
            }
            return try LandmarkClip(
                values: features, frameCount: frameCount, featureCount: featureCount, landmarkCount: nil, name: name)
        }
    }

    /// The one initialiser that checks values; `values` has `frameCount` × `featureCount` elements.
    init(
        values: [Float], frameCount: Int, featureCount: Int, landmarkCount: Int?, name: String? = nil,
        emotion: String? = nil
    ) throws(Fault) {
        guard frameCount > 0, featureCount > 0 else {
            throw Fault(
                .emptyClip, at: name ?? "clip",
                frameCount > 0 ? "the frames have no features" : "the clip has no frames",
                found: "\(frameCount) frames × \(featureCount) features")
        }
        missingFrames = try LandmarkClip.missingFrames(values, frameCount, featureCount)
        self.values = values
        self.frameCount = frameCount
        self.featureCount = featureCount
        self.landmarkCount = landmarkCount
        self.name = name
        self.emotion = emotion
    }

    /// The frames that are NaN throughout.
    /// - Throws: `notFinite`, with frame and feature, for any other NaN or infinity.
    private static func missingFrames(
        _ values: [Float], _ frameCount: Int, _ featureCount: Int
    ) throws(Fault) -> [Int] {
        var count = 0
        for frame in 0..<frameCount {
            let row = values[frame &* featureCount..<(frame &+ 1) &* featureCount]
            guard let bad = row.firstIndex(where: { !$0.isFinite }) else { continue }
            guard row.allSatisfy(\.isNaN) else {
                throw Fault(
                    .notFinite, at: "frame \(frame), feature \(bad &- row.startIndex)",
                    "the value is not a finite number", found: "\(values[bad])")
            }
            count += 1
        }
        guard count > 0 else { return [] }
        // Counted first, so that the list takes no more memory than it needs.
        var missing: [Int] = []
        missing.reserveCapacity(count)
        for frame in 0..<frameCount where values[frame &* featureCount].isNaN { missing.append(frame) }
        return missing
    }
}
