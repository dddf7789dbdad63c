import EmotionFormerCore

/// What a face landmarker looks for; the names are MediaPipe's.
public struct FaceLandmarkerOptions: Sendable, Hashable {
    /// What the pictures have to do with each other.
    public enum RunningMode: String, Sendable, Hashable, CaseIterable {
        /// Nothing: every picture is looked at anew.
        case image
        /// They are the frames of one video, in order: a face is followed from frame to frame, and its landmarks are
        /// smoothed over time if `numFaces` is 1.
        case video
    }

    public var runningMode: RunningMode
    /// The most faces to be found, 1 or more.
    public var numFaces: Int
    /// The least score of a face that the detector finds, 0 ... 1.
    public var minFaceDetectionConfidence: Float
    /// A face is present where its presence, 0 ... 1, is greater than this.
    public var minFacePresenceConfidence: Float
    /// From this overlap on, 0 ... 1, a face that was followed and one that was detected are the same. It matters for
    /// two faces or more in a video.
    public var minTrackingConfidence: Float
    /// Whether to compute the 52 blendshapes.
    public var outputFaceBlendshapes: Bool

    public init(
        runningMode: RunningMode = .image, numFaces: Int = 1, minFaceDetectionConfidence: Float = 0.5,
        minFacePresenceConfidence: Float = 0.5, minTrackingConfidence: Float = 0.5, outputFaceBlendshapes: Bool = false
    ) {
        self.runningMode = runningMode
        self.numFaces = numFaces
        self.minFaceDetectionConfidence = minFaceDetectionConfidence
        self.minFacePresenceConfidence = minFacePresenceConfidence
        self.minTrackingConfidence = minTrackingConfidence
        self.outputFaceBlendshapes = outputFaceBlendshapes
    }

    /// The most faces that may be asked for.
    static let largestFaceCount = 64

    func validate() throws(Fault) {
        guard (1...FaceLandmarkerOptions.largestFaceCount).contains(numFaces) else {
            throw Fault(
                .invalidArgument, at: "numFaces", "the number of faces is out of range", found: "\(numFaces)",
                expected: "1 to \(FaceLandmarkerOptions.largestFaceCount)")
        }
        for (name, value) in [
            ("minFaceDetectionConfidence", minFaceDetectionConfidence),
            ("minFacePresenceConfidence", minFacePresenceConfidence), ("minTrackingConfidence", minTrackingConfidence),
        ] where !(value >= 0 && value <= 1) {
            throw Fault(
                .invalidArgument, at: name, "the confidence is out of range", found: "\(value)", expected: "0 to 1")
        }
    }
}
