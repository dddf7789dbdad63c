import EmotionFormer

/// What went through a stream and what was said of it, for a report at the end.
struct StreamedClip {
    let name: String
    var frames: [LandmarkFrame] = []
    /// Each says which frames its window held.
    var predictions: [StreamPrediction] = []
}

/// Keeps everything beside showing it; only for those who want a report, because a stream may never end.
final class StreamRecorder: StreamOutput {
    private let output: any StreamOutput
    private(set) var clips: [StreamedClip] = []

    init(beside output: any StreamOutput) { self.output = output }

    func begin(clip: String, stream: EmotionStream) throws {
        clips.append(StreamedClip(name: clip))
        try output.begin(clip: clip, stream: stream)
    }

    func add(_ frame: LandmarkFrame, number: Int) throws {
        if !clips.isEmpty { clips[clips.count - 1].frames.append(frame) }
        try output.add(frame, number: number)
    }

    func add(_ prediction: StreamPrediction) throws {
        if !clips.isEmpty { clips[clips.count - 1].predictions.append(prediction) }
        try output.add(prediction)
    }

    func end() throws { try output.end() }
}
