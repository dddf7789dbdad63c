import EmotionFormerCore

/// Puts a clip together frame by frame, for sources that give one frame at a time.
struct ClipAssembly {
    /// One frame's values: landmarks as x, y, z, x, …, or raw features.
    struct Frame {
        let values: ArraySlice<Float>
        let isLandmarks: Bool

        static func landmarks(_ values: [Float]) -> Frame { Frame(values: values[...], isLandmarks: true) }
        static func features(_ values: [Float]) -> Frame { Frame(values: values[...], isLandmarks: false) }
    }

    /// The name of the file or array, for messages.
    let place: String
    var name: String?
    var emotion: String?
    /// Frames × values; a frame without a face is NaN throughout.
    private var values: [Float] = []
    private var frameCount = 0
    /// One for each frame; empty if the frames have no numbers.
    private var numbers: [Int] = []
    /// The form of the first frame with a face; all others must have the same. Before it, frames without a face have no
    /// values.
    private var form: (count: Int, isLandmarks: Bool)?
    /// The memory that the values may take; nil for no limit.
    private let budget: ClipBudget?

    init(place: String, name: String? = nil, budget: ClipBudget? = nil) {
        self.place = place
        self.name = name
        self.budget = budget
    }

    /// Reserves memory for a clip whose size is known.
    mutating func reserve(frames: Int, values count: Int, areNumbered: Bool) {
        values.reserveCapacity(count)
        if areNumbered { numbers.reserveCapacity(frames) }
    }

    /// Adds a frame; nil is a frame without a face. Numbered frames are sorted by number in `clip()`.
    /// - Throws: `featureCountMismatch`, `layoutMismatch` if the frame does not have the form of those before.
    mutating func append(_ frame: Frame?, number: Int? = nil, at place: String) throws(Fault) {
        guard frameCount == 0 || numbers.isEmpty == (number == nil) else {
            throw Fault(.malformedClip, at: place, "some frames of the clip are numbered and some are not")
        }
        if let frame { try check(frame, at: place) }
        if let form {
            // The frames without a face before the first frame with a face get their values together with it.
            let missing = frame == nil ? 1 : values.isEmpty ? frameCount : 0
            try budget?.spend((missing + (frame == nil ? 0 : 1)) * form.count * MemoryLayout<Float>.size)
            values.append(contentsOf: repeatElement(.nan, count: missing * form.count))
            if let frame { values.append(contentsOf: frame.values) }
        }
        if let number { numbers.append(number) }
        frameCount += 1
    }

    private mutating func check(_ frame: Frame, at place: String) throws(Fault) {
        guard let form else {
            form = (frame.values.count, frame.isLandmarks)
            return
        }
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
    }

    /// - Throws: `emptyClip` if no frame has a face, `duplicateName` for a frame number that occurs twice, `notFinite`
    ///   for a NaN or infinity.
    consuming func clip() throws(Fault) -> LandmarkClip {
        guard frameCount > 0 else { throw Fault(.emptyClip, at: name ?? place, "the clip has no frames") }
        guard let form else { throw Fault(.emptyClip, at: name ?? place, "no frame of the clip has a face") }
        try sort(width: form.count)
        return try LandmarkClip(
            values: values, frameCount: frameCount, featureCount: form.count,
            landmarkCount: form.isLandmarks ? form.count / 3 : nil, name: name, emotion: emotion)
    }

    /// Brings the frames into the order of their numbers.
    private mutating func sort(width: Int) throws(Fault) {
        guard zip(numbers, numbers.dropFirst()).contains(where: { $0 >= $1 }) else { return }
        let order = numbers.indices.sorted { numbers[$0] < numbers[$1] }
        for (previous, next) in zip(order, order.dropFirst()) where numbers[previous] == numbers[next] {
            throw Fault(
                .duplicateName, at: name ?? place, "two frames of the clip have the same number",
                found: "\(numbers[next])")
        }
        var sorted: [Float] = []
        sorted.reserveCapacity(values.count)
        for frame in order { sorted.append(contentsOf: values[frame &* width..<(frame &+ 1) &* width]) }
        values = sorted
    }
}
