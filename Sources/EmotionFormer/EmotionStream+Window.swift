import EmotionFormerCore

/// The last frames of a stream in a ring buffer, laid out as the model's features.
///
/// Each frame has a *slot*. Two more slots hold the features of padding and of a frame without a face. Where
/// normalization does not depend on a frame's place in the window, slots hold normalized features.
struct FrameWindow: Sendable {
    let capacity: Int
    /// The number of frames so far, including those that have left the window.
    private(set) var count = 0
    /// Slots × `preparation.input.features`.
    private(set) var features: [Float]
    /// For each slot, whether its kept results are valid.
    var isComputed: [Bool]
    private(set) var isPaddingNormalized: Bool
    private let preparation: InputPreparation
    private var hasFace: [Bool]
    private var times: [Double?]
    /// Slots of the window's frames, by the model's rule for frames without a face.
    private var order: [Int] = []

    static let limit = 1 << 26

    var paddingSlot: Int { capacity }
    var emptySlot: Int { capacity + 1 }
    var slotCount: Int { capacity + 2 }

    /// - Throws: `limitExceeded` if the window takes too much memory.
    init(capacity: Int, preparation: InputPreparation) throws(Fault) {
        let width = preparation.input.features
        let (size, overflow) = (capacity + 2).multipliedReportingOverflow(by: width)
        guard !overflow, size <= FrameWindow.limit else {
            throw Fault(
                .limitExceeded, at: "window", "the window takes too much memory",
                found: "\(capacity) frames × \(width) features", expected: "at most \(FrameWindow.limit) numbers")
        }
        self.capacity = capacity
        self.preparation = preparation
        features = [Float](repeating: 0, count: size)
        isComputed = [Bool](repeating: false, count: capacity + 2)
        hasFace = [Bool](repeating: false, count: capacity)
        times = [Double?](repeating: nil, count: capacity)
        order.reserveCapacity(capacity)
        let padding = preparation.input.padding
        isPaddingNormalized = padding.order == .beforeNormalization
        write(to: paddingSlot, normalizes: isPaddingNormalized) { $0.update(repeating: padding.value) }
        write(to: emptySlot, normalizes: true) { $0.update(repeating: 0) }
    }

    /// Whether a frame's features depend on its place in the window, so that no results can be kept.
    var dependsOnPlace: Bool { preparation.normalizer?.hasRowForEachFrame ?? false }

    /// Indices of the stream's frames that are in the window.
    var frames: Range<Int> { max(0, count - capacity)..<count }

    func time(of frame: Int) -> Double? { times[frame % capacity] }

    /// Adds a frame, and drops the oldest if the window is full.
    /// - Throws: `featureCountMismatch` or `layoutMismatch` if the frame does not fit the model, `notFinite` for a
    ///   missing value that the model refuses; the window is then unchanged.
    mutating func append(_ frame: LandmarkFrame) throws(Fault) {
        let slot = count % capacity
        let place = "frame \(count)"
        switch frame.content {
        case .noFace: break
        case .landmarks(let landmarks):
            try preparation.check(featureCount: landmarks.count * 3, landmarkCount: landmarks.count, at: place)
            if landmarks.contains(where: { $0.x.isNaN || $0.y.isNaN || $0.z.isNaN }) {
                try preparation.checkMissingValues(
                    landmarks.flatMap { [$0.x, $0.y, $0.z] }[...], landmarkCount: landmarks.count, at: place)
            }
            write(to: slot, normalizes: true) { [preparation] in
                preparation.layOut(landmarks, to: $0)
                preparation.replaceMissingValues($0)
            }
        case .values(let values, let landmarkCount):
            try preparation.check(featureCount: values.count, landmarkCount: landmarkCount, at: place)
            try preparation.checkMissingValues(values, landmarkCount: landmarkCount, at: place)
            write(to: slot, normalizes: true) { [preparation] target in
                values.withUnsafeBufferPointer { preparation.layOut($0, landmarkCount: landmarkCount, to: target) }
                preparation.replaceMissingValues(target)
            }
        }
        isComputed[slot] = false
        hasFace[slot] = frame.hasFace
        times[slot] = frame.time
        count += 1
    }

    private mutating func write(
        to slot: Int, normalizes: Bool, _ body: (UnsafeMutableBufferPointer<Float>) -> Void
    ) {
        let width = preparation.input.features
        let normalizer = normalizes ? preparation.normalizer : nil
        features.withUnsafeMutableBufferPointer { buffer in
            let target = UnsafeMutableBufferPointer(rebasing: buffer[slot * width..<(slot + 1) * width])
            body(target)
            if let normalizer, !normalizer.hasRowForEachFrame { normalizer.apply(to: target, frame: 0) }
        }
    }

    /// Sets `slots` to the slot of each row of the model's input; there are as many rows as the model takes from this
    /// window.
    /// - Returns: how many of the rows are frames; 0, with `slots` unchanged, if no frame of the window has a face.
    mutating func arrange(into slots: inout [Int]) -> Int {
        order.removeAll(keepingCapacity: true)
        guard let first = frames.first(where: { hasFace[$0 % capacity] }) else { return 0 }
        var last = first % capacity
        for frame in frames {
            let slot = frame % capacity
            if hasFace[slot] {
                last = slot
                order.append(slot)
                continue
            }
            switch preparation.input.missingFrame {
            case .drop: break
            case .zeros: order.append(emptySlot)
            case .repeatPrevious: order.append(last)
            }
        }
        let input = preparation.input
        let used = min(order.count, input.frames)
        let rows = input.padding.side == .none ? used : input.frames
        let start = input.padding.side == .start ? rows - used : 0
        slots.removeAll(keepingCapacity: true)
        for row in 0..<rows {
            let isFrame = row >= start && row - start < used
            slots.append(isFrame ? order[preparation.pick(row - start, of: order.count)] : paddingSlot)
        }
        return used
    }

    /// Writes the slots' features into the rows of a model's input.
    func write(_ slots: [Int], to output: UnsafeMutableBufferPointer<Float>) {
        let width = preparation.input.features
        features.withUnsafeBufferPointer { features in
            for (row, slot) in slots.enumerated() {
                let target = UnsafeMutableBufferPointer(rebasing: output[row * width..<(row + 1) * width])
                _ = target.update(fromContentsOf: features[slot * width..<(slot + 1) * width])
                guard let normalizer = preparation.normalizer, normalizer.hasRowForEachFrame else { continue }
                if slot != paddingSlot || isPaddingNormalized { normalizer.apply(to: target, frame: row) }
            }
        }
    }
}

extension InputPreparation {
    /// Writes landmarks in the model's layout of features.
    fileprivate func layOut(_ landmarks: [SIMD3<Float>], to target: UnsafeMutableBufferPointer<Float>) {
        switch input.layout {
        case .raw, .xyzInterleaved:
            for (index, landmark) in landmarks.enumerated() {
                target[3 * index] = landmark.x
                target[3 * index + 1] = landmark.y
                target[3 * index + 2] = landmark.z
            }
        case .xyzPlanar:
            for (index, landmark) in landmarks.enumerated() {
                target[index] = landmark.x
                target[landmarks.count + index] = landmark.y
                target[2 * landmarks.count + index] = landmark.z
            }
        case .x: for (index, landmark) in landmarks.enumerated() { target[index] = landmark.x }
        case .y: for (index, landmark) in landmarks.enumerated() { target[index] = landmark.y }
        case .z: for (index, landmark) in landmarks.enumerated() { target[index] = landmark.z }
        }
    }
}
