public import EmotionFormer

extension FaceLandmarker {
    /// The landmarks of an asynchronous sequence of frames, for instance a camera's, as ``EmotionStream`` takes them.
    ///
    /// ```swift
    /// for try await prediction in stream.predictions(of: landmarker.landmarkFrames(of: video)) {
    ///     show(prediction)
    /// }
    /// ```
    /// A frame is taken from `frames` only when the next landmarks are requested. The sequence follows faces with this
    /// landmarker: read it once, and use the landmarker for nothing else meanwhile.
    ///
    /// Reading throws what ``detect(_:timestampInMilliseconds:)`` and `frames` throw.
    /// - Parameter face: which of the faces, best first; a frame with fewer is one without a face.
    public func landmarkFrames<Frames: AsyncSequence>(
        of frames: Frames, face: Int = 0
    ) -> FaceLandmarkFrames<Frames> where Frames.Element == VideoFrame {
        FaceLandmarkFrames(landmarker: self, frames: frames, face: face)
    }
}

/// The landmarks of a sequence of frames; made by ``FaceLandmarker/landmarkFrames(of:face:)``.
public struct FaceLandmarkFrames<Frames: AsyncSequence>: AsyncSequence where Frames.Element == VideoFrame {
    public typealias Element = LandmarkFrame

    let landmarker: FaceLandmarker
    let frames: Frames
    let face: Int

    public struct AsyncIterator: AsyncIteratorProtocol {
        private let landmarker: FaceLandmarker
        private var frames: Frames.AsyncIterator
        private let face: Int
        private var hasEnded = false
        private var result = FaceLandmarkerResult()

        init(landmarker: FaceLandmarker, frames: Frames.AsyncIterator, face: Int) {
            self.landmarker = landmarker
            self.frames = frames
            self.face = face
        }

        /// The next frame's landmarks; nil after the last.
        public mutating func next() async throws -> LandmarkFrame? {
            guard !hasEnded else { return nil }
            do {
                if let frame = try await frames.next() {
                    try landmarker.detect(
                        frame.image, timestampInMilliseconds: frame.timestampInMilliseconds, into: &result)
                    return try result.landmarkFrame(face: face)
                }
            } catch {
                hasEnded = true
                throw error
            }
            hasEnded = true
            return nil
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(landmarker: landmarker, frames: frames.makeAsyncIterator(), face: face)
    }
}
