import EmotionFormerCore

/// One frame of a stream: the landmarks of a face, raw features, or no face.
public struct LandmarkFrame: Sendable, Hashable {
    enum Content: Sendable, Hashable {
        case noFace
        case landmarks([SIMD3<Float>])
        /// Features, or x, y, z of each landmark.
        case values(ArraySlice<Float>, landmarkCount: Int?)
    }

    let content: Content
    /// Seconds since the stream began; nil if unknown.
    public let time: Double?

    /// A frame of landmarks. If there are none, or all coordinates are NaN, it is a frame without a face.
    /// - Throws: `notFinite` for an infinite coordinate, or for a time that is not finite.
    public init(landmarks: [SIMD3<Float>], time: Double? = nil) throws(EmotionFormerError) {
        self = try publicly { () throws(Fault) in
            if let bad = landmarks.firstIndex(where: \.isInfinite) { throw LandmarkFrame.notFinite("landmark \(bad)") }
            return try LandmarkFrame(
                content: landmarks.allSatisfy(\.isMissing) ? .noFace : .landmarks(landmarks), time: time)
        }
    }

    /// A frame of raw features. If there are none, or all values are NaN, it is a frame without a face.
    /// - Throws: `notFinite` for an infinite value, or for a time that is not finite.
    public init(features: [Float], time: Double? = nil) throws(EmotionFormerError) {
        self = try publicly { () throws(Fault) in
            try LandmarkFrame(checking: features[...], landmarkCount: nil, time: time)
        }
    }

    /// A frame in which no face was found.
    /// - Throws: `notFinite` for a time that is NaN or infinite.
    public init(withoutFaceAt time: Double?) throws(EmotionFormerError) {
        self = try publicly { () throws(Fault) in try LandmarkFrame(content: .noFace, time: time) }
    }

    /// Features, or x, y, z of each landmark. A frame without a face if there are none or all are NaN.
    init(checking values: ArraySlice<Float>, landmarkCount: Int?, time: Double?) throws(Fault) {
        if let bad = values.firstIndex(where: \.isInfinite) {
            throw LandmarkFrame.notFinite("feature \(bad - values.startIndex)")
        }
        try self.init(
            content: values.allSatisfy(\.isNaN) ? .noFace : .values(values, landmarkCount: landmarkCount), time: time)
    }

    /// Values that are known not to be infinite.
    fileprivate init(content: Content, time: Double?) throws(Fault) {
        if let time, !time.isFinite { throw LandmarkFrame.notFinite("time") }
        self.content = content
        self.time = time
    }

    public var hasFace: Bool {
        if case .noFace = content { false } else { true }
    }

    private static func notFinite(_ place: String) -> Fault {
        Fault(.notFinite, at: place, "the value is not a finite number")
    }
}

extension SIMD3<Float> {
    fileprivate var isInfinite: Bool { x.isInfinite || y.isInfinite || z.isInfinite }
    fileprivate var isMissing: Bool { x.isNaN && y.isNaN && z.isNaN }
}

extension LandmarkClip {
    /// Makes a clip from frames.
    /// - Throws: `emptyClip` if no frame has a face; `layoutMismatch` or `featureCountMismatch` if the frames differ in
    ///   form.
    public init(frames: [LandmarkFrame], name: String? = nil) throws(EmotionFormerError) {
        self = try publicly { () throws(Fault) in
            var assembly = ClipAssembly(place: name ?? "clip", name: name)
            for (index, frame) in frames.enumerated() {
                let values: ClipAssembly.Frame? =
                    switch frame.content {
                    case .noFace: nil
                    case .landmarks(let landmarks): .landmarks(landmarks.flatMap { [$0.x, $0.y, $0.z] })
                    case .values(let values, let landmarkCount):
                        ClipAssembly.Frame(values: values, isLandmarks: landmarkCount != nil)
                    }
                try assembly.append(values, at: "frame \(index)")
            }
            return try assembly.clip()
        }
    }

    /// The clip's frames, for a stream. They share the clip's memory.
    /// - Parameter rate: frames per second, from which the frames' times are computed; nil for frames without times.
    /// - Throws: `invalidArgument` for a rate that is not positive.
    public func frames(perSecond rate: Double? = nil) throws(EmotionFormerError) -> [LandmarkFrame] {
        try publicly { () throws(Fault) in
            if let rate, !(rate > 0 && rate.isFinite) {
                throw Fault(
                    .invalidArgument, at: "rate", "the number of frames a second is out of range", found: "\(rate)",
                    expected: "a positive number")
            }
            var missing = missingFrames[...]
            var frames: [LandmarkFrame] = []
            frames.reserveCapacity(frameCount)
            for frame in 0..<frameCount {
                var content = LandmarkFrame.Content.noFace
                if missing.first == frame {
                    missing.removeFirst()
                } else {
                    let row = values[frame * featureCount..<(frame + 1) * featureCount]
                    content = .values(row, landmarkCount: landmarkCount)
                }
                frames.append(try LandmarkFrame(content: content, time: rate.map { Double(frame) / $0 }))
            }
            return frames
        }
    }
}
