import EmotionFormerTensors

/// Puts a clip together frame by frame, for sources that give one frame at a time.
struct ClipAssembly {
    /// One frame's values: landmarks as x, y, z, x, …, or raw features.
    enum Frame {
        case landmarks([Float])
        case features([Float])

        var values: [Float] {
            switch self {
            case .landmarks(let values), .features(let values): values
            }
        }

        var isLandmarks: Bool {
            if case .landmarks = self { true } else { false }
        }
    }

    /// The file or array, for messages.
    let place: String
    var name: String?
    var emotion: String?
    private var rows: [(number: Int?, values: [Float]?)] = []
    /// What the first frame with a face was; the others must be the same.
    private var form: (count: Int, isLandmarks: Bool)?

    init(place: String, name: String? = nil) {
        self.place = place
        self.name = name
    }

    /// Adds a frame; nil is a frame without a face. Frames with a number are sorted by it in the end.
    /// - Throws: `featureCountMismatch`, `layoutMismatch` if the frame is not like those before.
    mutating func append(_ frame: Frame?, number: Int? = nil, at place: String) throws(Fault) {
        if let first = rows.first, (first.number == nil) != (number == nil) {
            throw Fault(.malformedClip, at: place, "some frames of the clip are numbered and some are not")
        }
        guard let frame else { return rows.append((number, nil)) }
        if let form {
            guard form.isLandmarks == frame.isLandmarks else {
                throw Fault(
                    .layoutMismatch, at: place, "a clip has either landmarks or features in every frame",
                    found: frame.isLandmarks ? "landmarks" : "features",
                    expected: form.isLandmarks ? "landmarks" : "features")
            }
            guard form.count == frame.values.count else {
                let unit = form.isLandmarks ? 3 : 1
                throw Fault(
                    .featureCountMismatch, at: place,
                    "the frame has another number of \(form.isLandmarks ? "landmarks" : "features") than those before",
                    found: "\(frame.values.count / unit)", expected: "\(form.count / unit)")
            }
        } else {
            form = (frame.values.count, frame.isLandmarks)
        }
        rows.append((number, frame.values))
    }

    /// - Throws: `emptyClip` without a frame that has a face, `duplicateName` for a frame number that occurs twice,
    ///   `notFinite` for a NaN or infinity.
    func clip() throws(Fault) -> LandmarkClip {
        guard !rows.isEmpty else { throw Fault(.emptyClip, at: name ?? place, "the clip has no frames") }
        guard let form else { throw Fault(.emptyClip, at: name ?? place, "no frame of the clip has a face") }
        var sorted = rows
        if rows[0].number != nil {
            sorted.sort { ($0.number ?? 0) < ($1.number ?? 0) }
            for (previous, next) in zip(sorted, sorted.dropFirst()) where previous.number == next.number {
                throw Fault(
                    .duplicateName, at: name ?? place, "two frames of the clip have the same number",
                    found: "\(next.number ?? 0)")
            }
        }
        var values: [Float] = []
        values.reserveCapacity(sorted.count &* form.count)
        for row in sorted {
            values.append(contentsOf: row.values ?? [Float](repeating: .nan, count: form.count))
        }
        return try LandmarkClip(
            values: values, frameCount: sorted.count, featureCount: form.count,
            landmarkCount: form.isLandmarks ? form.count / 3 : nil, name: name, emotion: emotion)
    }
}
