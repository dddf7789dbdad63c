public import EmotionFormer

/// The faces that were found in a picture.
///
/// A result that is handed to the landmarker again keeps its memory: from the second picture on nothing is allocated.
public struct FaceLandmarkerResult: Sendable {
    public struct Face: Sendable, Hashable {
        /// 478 landmarks in MediaPipe's order. x and y are fractions of the picture's width and height, from its upper
        /// left corner, and lie outside 0 ... 1 where the face does; z has the scale of x, and is smaller the nearer.
        public internal(set) var landmarks: [SIMD3<Float>]
        /// nil unless they were asked for.
        public internal(set) var blendshapes: FaceBlendshapes?
        /// The probability that the face is one, 0 ... 1.
        public internal(set) var presence: Float

        init() {
            landmarks = [SIMD3<Float>](repeating: SIMD3(), count: FaceMesh.landmarkCount)
            presence = 0
        }
    }

    /// The faces, best first. Their memory is used again when the result is handed to a landmarker; whoever keeps them
    /// beyond that keeps a copy.
    public var faces: ArraySlice<Face> { storage[..<count] }

    /// The picture's time; nil for one without.
    public internal(set) var timestampInMilliseconds: Int?

    var storage: [Face] = []
    var count = 0

    /// A result without faces.
    public init() {}

    /// A face's landmarks as a frame for ``EmotionStream``; a frame without a face if there is no such face.
    ///
    /// ```swift
    /// var stream = try EmotionStream(model)
    /// let prediction = try stream.append(landmarker.detect(image, timestampInMilliseconds: 33).landmarkFrame())
    /// ```
    /// - Throws: `notFinite` if a coordinate is infinite.
    public func landmarkFrame(face index: Int = 0) throws(EmotionFormerError) -> LandmarkFrame {
        let time = timestampInMilliseconds.map { Double($0) / 1000 }
        guard faces.indices.contains(index) else { return try LandmarkFrame(withoutFaceAt: time) }
        return try LandmarkFrame(landmarks: faces[index].landmarks, time: time)
    }
}

extension FaceLandmarkerResult: Hashable {
    public static func == (left: Self, right: Self) -> Bool {
        left.faces == right.faces && left.timestampInMilliseconds == right.timestampInMilliseconds
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(faces)
        hasher.combine(timestampInMilliseconds)
    }
}
