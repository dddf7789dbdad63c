/// Where faces are looked for in a frame: where those of the last frame lead, and where the detector saw some.
///
/// With one face, the detector runs only while none is followed; with more, while fewer are followed than wanted. Of two
/// rectangles that overlap, the later one counts, and goes to the end of the list (`association_calculator.h`); those of
/// the last frame come first.
package struct FaceTracking {
    private let isVideo: Bool
    private let faceCount: Int
    private let threshold: Float
    /// Of this frame, in order, at most as many as faces are wanted.
    package private(set) var rectangles: [FaceRectangle] = []
    /// Where the faces of this frame are looked for in the next one.
    package private(set) var followed: [FaceRectangle] = []

    package init(_ options: FaceLandmarkerOptions) {
        isVideo = options.runningMode == .video
        faceCount = options.numFaces
        threshold = options.minTrackingConfidence
        rectangles.reserveCapacity(2 * faceCount)
        followed.reserveCapacity(faceCount)
    }

    mutating func forget() { followed.removeAll(keepingCapacity: true) }

    /// Whether fewer faces are followed than wanted.
    package var wantsDetection: Bool { followed.count < faceCount }

    /// Makes the list of a frame.
    /// - Parameter detections: what the detector saw, in fractions of its input; nothing if it did not run.
    package mutating func begin(_ detections: [FaceDetection], width: Int, height: Int) {
        rectangles.removeAll(keepingCapacity: true)
        for rectangle in followed { add(rectangle) }
        followed.removeAll(keepingCapacity: true)
        for detection in detections {
            add(detection.projected(width: width, height: height).rectangle(width: width, height: height))
        }
        if rectangles.count > faceCount { rectangles.removeSubrange(faceCount...) }
    }

    private mutating func add(_ rectangle: FaceRectangle) {
        if isVideo { rectangles.removeAll { $0.overlap(with: rectangle) > threshold } }
        rectangles.append(rectangle)
    }

    /// A face was found.
    /// - Parameter rectangle: where it is looked for in the next frame.
    package mutating func follow(_ rectangle: FaceRectangle) {
        if isVideo, rectangle.isUsable { followed.append(rectangle) }
    }
}
