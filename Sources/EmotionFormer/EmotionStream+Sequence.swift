import EmotionFormerCore

extension EmotionStream {
    /// The predictions of an asynchronous sequence of frames, for instance a camera's.
    ///
    /// ```swift
    /// for try await prediction in stream.predictions(of: camera.frames) { show(prediction) }
    /// ```
    /// A frame is taken from `frames` only when the next prediction is requested, so a slow reader slows the source
    /// down, or makes it drop frames if it buffers only the newest. After the last frame comes the prediction of
    /// `finish()`. The stream itself does not change: the sequence continues from a copy of it.
    ///
    /// Reading throws what `append(_:)` and `frames` throw, and `cancelled` if the reader's task is cancelled.
    public func predictions<Frames: AsyncSequence>(
        of frames: Frames
    ) -> StreamPredictions<Frames> where Frames.Element == LandmarkFrame {
        StreamPredictions(stream: self, frames: frames)
    }
}

/// The predictions of a sequence of frames; made by `EmotionStream.predictions(of:)`.
public struct StreamPredictions<Frames: AsyncSequence>: AsyncSequence where Frames.Element == LandmarkFrame {
    public typealias Element = StreamPrediction

    let stream: EmotionStream
    let frames: Frames

    public struct AsyncIterator: AsyncIteratorProtocol {
        private var stream: EmotionStream
        private var frames: Frames.AsyncIterator
        private var hasEnded = false

        init(stream: EmotionStream, frames: Frames.AsyncIterator) {
            self.stream = stream
            self.frames = frames
        }

        /// The next prediction; nil after the last.
        public mutating func next() async throws -> StreamPrediction? {
            guard !hasEnded else { return nil }
            do {
                while true {
                    try checkCancellation()
                    guard let frame = try await frames.next() else { break }
                    if let prediction = try stream.append(frame) { return prediction }
                }
                // Many sequences end when their reader is cancelled: that is not the end of the frames.
                try checkCancellation()
            } catch {
                hasEnded = true
                throw error
            }
            hasEnded = true
            return try stream.finish()
        }

        private func checkCancellation() throws(EmotionFormerError) {
            guard Task.isCancelled else { return }
            throw EmotionFormerError(Fault(.cancelled, at: "stream", "the task was cancelled"))
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(stream: stream, frames: frames.makeAsyncIterator())
    }
}

extension StreamPredictions: Sendable where Frames: Sendable {}
