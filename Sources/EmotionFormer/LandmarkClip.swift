import EmotionFormerCore

/// A clip of face landmarks or features: frames × features, in order of time.
///
/// A clip holds either *landmarks* (frames × landmarks × 3: x, y and z), which are laid out as features as the model's
/// manifest says, or *raw features*, which a model uses unchanged. Every value is finite, or NaN where it is missing; all
/// values of a frame without a face are NaN. The model's rules say how such frames and single missing values are treated
/// (`ModelInput.missingFrame`, `ModelInput.missingValue`).
public struct LandmarkClip: Sendable, Hashable {
    /// The name of the video or array that the clip comes from.
    public var name: String?
    /// The clip's true emotion, if its file states it; `Evaluation` compares predictions with it.
    public var emotion: String?

    /// Whether the file had the coordinates in another order than x, y, z of each landmark.
    package var isReordered = false

    public let frameCount: Int
    /// Values per frame: the number of features, or three times the number of landmarks.
    public let featureCount: Int
    /// Landmarks per frame (478 for MediaPipe's Face Landmarker); nil for raw features.
    public let landmarkCount: Int?
    /// Frames × features, row-major; three values x, y, z for each landmark.
    public let values: [Float]
    /// Indices of the frames without a face, ascending.
    public let missingFrames: [Int]
    /// The index in `values` of the first one that is NaN in a frame that has others; nil if there is none.
    package let firstMissingValue: Int?

    /// Makes a clip from landmarks, one inner array per frame. An empty inner array is a frame without a face.
    /// - Throws: `emptyClip` if there are no frames or no landmarks, `featureCountMismatch` if frames differ in their
    ///   number of landmarks, `notFinite` for an infinite coordinate.
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

    /// Makes a clip from raw features, frames × features, row-major. A frame whose values are all NaN is a frame
    /// without a face.
    /// - Throws: `invalidArgument` if there are not `frameCount` × `featureCount` values, `emptyClip` if either is 0,
    ///   `notFinite` for an infinite value.
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

    /// The initializer that checks all values; `values` has `frameCount` × `featureCount` elements.
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
        (missingFrames, firstMissingValue) = try LandmarkClip.missing(values, frameCount, featureCount)
        self.values = values
        self.frameCount = frameCount
        self.featureCount = featureCount
        self.landmarkCount = landmarkCount
        self.name = name
        self.emotion = emotion
    }

    /// The indices of the frames whose values are all NaN, and that of the first NaN in any other frame.
    /// - Throws: `notFinite`, with frame and feature, for an infinity.
    private static func missing(
        _ values: [Float], _ frameCount: Int, _ featureCount: Int
    ) throws(Fault) -> (frames: [Int], value: Int?) {
        func isMissing(_ row: ArraySlice<Float>) -> Bool { row.first?.isNaN == true && row.allSatisfy(\.isNaN) }
        var (count, value) = (0, Int?.none)
        for frame in 0..<frameCount {
            let row = values[frame &* featureCount..<(frame &+ 1) &* featureCount]
            guard let first = row.firstIndex(where: { !$0.isFinite }) else { continue }
            if isMissing(row) {
                count += 1
                continue
            }
            if let bad = row[first...].firstIndex(where: { $0.isInfinite }) {
                throw Fault(
                    .notFinite, at: "frame \(frame), feature \(bad &- row.startIndex)",
                    "the value is not a finite number", found: "\(values[bad])")
            }
            if value == nil { value = first }
        }
        guard count > 0 else { return ([], value) }
        // Counted first, so that the list is allocated once.
        var frames: [Int] = []
        frames.reserveCapacity(count)
        for frame in 0..<frameCount where isMissing(values[frame &* featureCount..<(frame &+ 1) &* featureCount]) {
            frames.append(frame)
        }
        return (frames, value)
    }
}
